/** The settings of a photo that nobody has set anything for. */

import type { Settings } from "../app/contract";

export const DEFAULTS: Settings = {
  behind: { kind: "checkerboard" },
  edges: { feather: 0, edgeShift: 0, translucency: 50 },
  model: null,
  quality: "balanced",
  file: { format: "png", maxSize: null, encodeQuality: null },
};
