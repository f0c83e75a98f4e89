/** Drawing tiles on the canvas that is seen. */

import { SQUARES_FROM } from "../../viewport/view";
import type { Place } from "./backdrop";
import type { Context } from "./canvas";
import { type Grid, isEmpty, meet, type Rect, tileRect, tilesOf } from "./grid";
import type { Sprites } from "./sprites";

/** A picture in tiles: where they come from. */
export interface Source {
  readonly name: string;
  readonly grids: readonly Grid[];
  /** The finest level that is there. */
  readonly finest: number;
  /** Writes a tile's pixels; false where nothing is to be seen. */
  make(level: number, tile: number, to: Uint8ClampedArray): boolean;
}

// A level is enlarged by less than 1.25, or else made smaller: neither is seen, and few pixels are touched.
const SLACK = 0.3;

/** The level that a scale is drawn from, in device pixels for each of level 0. */
export function levelFor(scale: number, of: Pick<Source, "grids" | "finest">): number {
  const wanted = Math.floor(-Math.log2(scale) + SLACK);
  return Math.min(Math.max(wanted, of.finest), of.grids.length - 1);
}

/** The name of a tile's sprite. */
export const named = (source: string, level: number, tile: number): string => `${source}/${level}/${tile}`;

/** Draws what lies within `seen`, which is in device pixels. The picture is as large as the place, whatever its own size. */
export function drawTiles(on: Context, sprites: Sprites, of: Source, place: Place, seen: Rect): void {
  const base = of.grids[0] as Grid;
  const whole = place.width / base.width;
  const level = levelFor(whole, of);
  const grid = of.grids[level] as Grid;
  const x = whole * 2 ** level;
  const y = (place.height / base.height) * 2 ** level;
  const all = { left: 0, top: 0, right: grid.width, bottom: grid.height };
  const visible = meet(all, {
    left: Math.floor((seen.left - place.x) / x) - 1,
    top: Math.floor((seen.top - place.y) / y) - 1,
    right: Math.ceil((seen.right - place.x) / x) + 1,
    bottom: Math.ceil((seen.bottom - place.y) / y) + 1,
  });
  if (isEmpty(visible)) return;
  const smooth = whole < SQUARES_FROM;
  on.imageSmoothingEnabled = smooth;
  on.imageSmoothingQuality = "low";
  const scaled = { x: place.x, y: place.y, across: x, down: y };
  if (!smooth || x <= 1) {
    putTiles(on, sprites, of, level, visible, scaled);
    return;
  }
  // Enlarged tile by tile, pixels would not fade into those of the next tile: so they are put together first.
  const width = visible.right - visible.left;
  const height = visible.bottom - visible.top;
  const sheet = sprites.sheet(width, height);
  putTiles(sheet, sprites, of, level, visible, { x: -visible.left, y: -visible.top, across: 1, down: 1 });
  const left = place.x + visible.left * x;
  const top = place.y + visible.top * y;
  on.drawImage(sheet.canvas, 0, 0, width, height, left, top, width * x, height * y);
}

/** Where a level lies, and how large its pixels are. */
interface Scaled {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
}

function putTiles(on: Context, sprites: Sprites, of: Source, level: number, visible: Rect, at: Scaled): void {
  const grid = of.grids[level] as Grid;
  for (const tile of tilesOf(grid, visible)) {
    const sprite = sprites.get(named(of.name, level, tile), (to) => of.make(level, tile, to));
    if (!sprite) continue;
    const { left, top, right, bottom } = tileRect(grid, tile);
    // To whole pixels, lest seams shine through.
    const toLeft = Math.round(at.x + left * at.across);
    const toTop = Math.round(at.y + top * at.down);
    const width = Math.round(at.x + right * at.across) - toLeft;
    const height = Math.round(at.y + bottom * at.down) - toTop;
    if (width > 0 && height > 0) on.drawImage(sprite, 0, 0, right - left, bottom - top, toLeft, toTop, width, height);
  }
}

/** What a part of the photo takes of the screen, and a little more: neighbours are blended where it is scaled. */
export function onScreen(rect: Rect, place: Place): Rect {
  // A pixel of the coarsest level that is drawn is hardly more than one of the screen.
  const more = 2 + Math.ceil(2 * place.scale);
  return {
    left: Math.floor(place.x + rect.left * place.scale) - more,
    top: Math.floor(place.y + rect.top * place.scale) - more,
    right: Math.ceil(place.x + rect.right * place.scale) + more,
    bottom: Math.ceil(place.y + rect.bottom * place.scale) + more,
  };
}
