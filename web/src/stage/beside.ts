/** Where a page finds the engine whose file it has imported: a worker's file exports nothing. */

import type { engine } from "./engine/engine";

export const NAME = "cleancutEngine";

export type BesidePage = { [NAME]?: typeof engine };
