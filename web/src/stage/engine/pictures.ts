/** Pictures in files, as tiles at all levels. */

import { type Context, context } from "./canvas";
import { type Colours, halvedColours, isClear } from "./compose";
import { children, type Grid, TILE, tileRect } from "./grid";
import { pauses } from "./pause";
import { closed, type Tile } from "./tile";

/** Colours at all levels, of which the finer ones come later. */
export interface Picture {
  readonly grids: readonly Grid[];
  readonly tiles: (Colours | undefined)[][];
  /** The finest level of which everything is there, at once or later. */
  finest: number;
}

/** A file could not be made into pixels. */
export class Unreadable extends Error {}

// What is shown first is no larger than this: it is there as soon as the file is decoded.
const FIRST = 2048;

/**
 * Reads a file as a picture of the grids' size, whatever its own. `told` is called when there is something to be shown,
 * and when all is there.
 */
export async function readPicture(
  file: Blob,
  grids: readonly Grid[],
  signal: AbortSignal,
  told: (of: Picture) => void,
): Promise<void> {
  const bitmap = await decoded(file);
  try {
    signal.throwIfAborted();
    const first = grids.findIndex((each) => Math.max(each.width, each.height) <= FIRST);
    const picture: Picture = { grids, tiles: grids.map(() => []), finest: first };
    await readFirst(picture, bitmap);
    signal.throwIfAborted();
    told(picture);
    if (first === 0) return;
    await refine(picture, bitmap, signal);
    told(picture);
  } finally {
    bitmap.close();
  }
}

/** The finest level, as it is resized by the browser, and those that follow it. */
async function readFirst(picture: Picture, bitmap: ImageBitmap): Promise<void> {
  const level = picture.finest;
  const of = picture.grids[level] as Grid;
  const resized = { resizeWidth: of.width, resizeHeight: of.height, resizeQuality: "medium" } as const;
  const small = level === 0 ? bitmap : await createImageBitmap(bitmap, resized);
  const on = context(TILE, TILE, true);
  for (let tile = 0; tile < of.columns * of.rows; tile++) {
    (picture.tiles[level] as Colours[])[tile] = readTile(on, small, of, tile);
  }
  if (small !== bitmap) small.close();
  for (let next = level + 1; next < picture.grids.length; next++) {
    const { columns, rows } = picture.grids[next] as Grid;
    for (let tile = 0; tile < columns * rows; tile++) halve(picture, next, tile);
  }
}

/** All levels, from the file itself: what was there before lies beside its place by less than a pixel. */
async function refine(picture: Picture, bitmap: ImageBitmap, signal: AbortSignal): Promise<void> {
  const on = context(TILE, TILE, true);
  const pause = pauses();
  for (const [level, of] of picture.grids.entries()) {
    for (let tile = 0; tile < of.columns * of.rows; tile++) {
      if (level > 0) halve(picture, level, tile);
      else (picture.tiles[0] as Colours[])[tile] = readTile(on, bitmap, of, tile);
      await pause();
      signal.throwIfAborted();
    }
  }
  picture.finest = 0;
}

function halve(picture: Picture, level: number, tile: number): void {
  const before = picture.tiles[level - 1] as Colours[];
  const from = children(picture.grids[level - 1] as Grid, picture.grids[level] as Grid, tile);
  (picture.tiles[level] as Colours[])[tile] = halvedColours(
    from.map((each) => (each === null ? null : (before[each] ?? null))),
  );
}

function readTile(on: Context, bitmap: ImageBitmap, of: Grid, tile: number): Colours {
  const pixels = cut(on, bitmap, of, tile).data;
  return isClear(pixels) ? null : (pixels as Colours);
}

/** A tile of a file that is drawn as large as the grid. */
function cut(on: Context, bitmap: ImageBitmap, of: Grid, tile: number): ImageData {
  const { left, top, right, bottom } = tileRect(of, tile);
  const x = bitmap.width / of.width;
  const y = bitmap.height / of.height;
  const width = right - left;
  const height = bottom - top;
  on.clearRect(0, 0, TILE, TILE);
  on.drawImage(bitmap, left * x, top * y, width * x, height * y, 0, 0, width, height);
  // Beyond the border the last pixels go on: otherwise it would fade out at the next levels.
  if (width < TILE) on.drawImage(on.canvas, width - 1, 0, 1, height, width, 0, TILE - width, height);
  if (height < TILE) on.drawImage(on.canvas, 0, height - 1, TILE, 1, 0, height, TILE, TILE - height);
  return on.getImageData(0, 0, TILE, TILE);
}

/** A grey file as a matte of this size. */
export async function readMatte(file: Blob, of: Grid, signal: AbortSignal): Promise<Tile[]> {
  // Numbers, not colours: they are not to be converted.
  const bitmap = await decoded(file, { colorSpaceConversion: "none" });
  const on = context(TILE, TILE, true);
  const pause = pauses();
  const tiles: Tile[] = [];
  try {
    for (let tile = 0; tile < of.columns * of.rows; tile++) {
      tiles.push(grey(cut(on, bitmap, of, tile).data));
      await pause();
      signal.throwIfAborted();
    }
  } finally {
    bitmap.close();
  }
  return tiles;
}

/** The first of four channels. */
function grey(pixels: Uint8ClampedArray): Tile {
  const values = new Uint8Array(TILE * TILE);
  for (let pixel = 0; pixel < values.length; pixel++) values[pixel] = pixels[pixel * 4] as number;
  return closed(values);
}

/** The grey values of a small file, (height, width). */
export async function readGrey(file: Blob): Promise<{ width: number; height: number; values: Uint8Array }> {
  const bitmap = await decoded(file, { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const on = context(width, height, true);
  on.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = on.getImageData(0, 0, width, height).data;
  return {
    width,
    height,
    values: Uint8Array.from({ length: width * height }, (_, pixel) => pixels[pixel * 4] as number),
  };
}

/** A file to be drawn as a background: no larger than a screen shows. */
export async function readBackground(file: Blob): Promise<ImageBitmap> {
  const bitmap = await decoded(file);
  const scale = (2 * FIRST) / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const smaller = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
    resizeQuality: "medium",
  });
  bitmap.close();
  return smaller;
}

async function decoded(file: Blob, options?: ImageBitmapOptions): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image", ...options });
  } catch (error) {
    throw new Unreadable(error instanceof Error ? error.message : String(error));
  }
}
