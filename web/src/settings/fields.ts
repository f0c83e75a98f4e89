/** What the settings mean to the server: fields of its forms. */

import type { Settings } from "../app/contract";
import { wire } from "../editor/wire";
import type { Edit } from "../edits";

export type Field = readonly [name: string, value: string | Blob];

/** What a matte depends on. */
export const matteFields = (settings: Pick<Settings, "model" | "quality">): readonly Field[] => [
  ...(settings.model === null ? [] : ([["model", settings.model]] as const)),
  ["quality", settings.quality],
];

/** Formats whose encoders lose something, and so have a quality. */
export const LOSSY: readonly Settings["file"]["format"][] = ["webp", "avif", "jpg", "zip"];

/** What a picture of a matte depends on. */
export function pictureFields(
  settings: Pick<Settings, "behind" | "edges" | "file">,
  edits: readonly Edit[],
): readonly Field[] {
  const { edges, file } = settings;
  const fields: Field[] = [...behindFields(settings.behind), ["format", file.format]];
  if (edges.feather !== 0) fields.push(["feather", String(edges.feather)]);
  if (edges.edgeShift !== 0) fields.push(["edge_shift", String(edges.edgeShift)]);
  // In the middle the server leaves the matte as it was estimated, which is what it does without the field.
  if (edges.translucency !== 50) fields.push(["translucency", String(edges.translucency)]);
  if (file.maxSize !== null) fields.push(["max_size", `${file.maxSize.width}x${file.maxSize.height}`]);
  if (file.encodeQuality !== null && LOSSY.includes(file.format)) {
    fields.push(["encode_quality", String(file.encodeQuality)]);
  }
  if (edits.length > 0) fields.push(["strokes", wire(edits)]);
  return fields;
}

function behindFields(behind: Settings["behind"]): readonly Field[] {
  switch (behind.kind) {
    case "checkerboard":
      return [];
    case "colour":
      return [["background", behind.colour]];
    case "blur":
      return [["background", `blur:${behind.radius}`]];
    case "image":
      return [["background_image", behind.image]];
  }
}

/** The settings of the cut-out that the stage shows: whatever stands behind it and its file are the browser's. */
export const plain = (settings: Settings): Settings => ({
  ...settings,
  behind: { kind: "checkerboard" },
  file: { format: "png", maxSize: null, encodeQuality: null },
});

/** Two pictures with the same key are the same picture. */
export function pictureKey(matteId: string, settings: Settings, edits: readonly Edit[]): string {
  const fields = pictureFields(settings, []).map(([name, value]) => [name, said(value)]);
  return JSON.stringify([matteId, fields, edits.map(numberOf)]);
}

const said = (value: string | Blob): string | number => (typeof value === "string" ? value : numberOf(value));

const numbers = new WeakMap<object, number>();
let last = 0;

// Strokes have thousands of points and pictures megabytes: both never change, so that who they are says what they are.
function numberOf(thing: object): number {
  const known = numbers.get(thing);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(thing, last);
  return last;
}
