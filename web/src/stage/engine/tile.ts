/** Tiles of a matte: 8 bits a pixel, TILE in a row; a number where all pixels are alike, as most tiles of a matte are. */

import type { Action } from "../../edits";
import { BLOCK, TILE } from "./grid";

export type Tile = number | Uint8Array;

/** What is painted of a tile: the coverage of each pixel, and whether it is full everywhere. */
export interface TileCover {
  readonly values: Uint8Array;
  /** Which blocks are covered at all; null: any may be. */
  readonly blocks: Uint8Array | null;
  readonly whole: boolean;
}

const BLOCKS = TILE / BLOCK;

/** An array of its own, to be written to. */
export const opened = (tile: Tile): Uint8Array =>
  typeof tile === "number" ? new Uint8Array(TILE * TILE).fill(tile) : tile.slice();

/** A number for an array of equal pixels. */
export function closed(values: Uint8Array): Tile {
  const first = values[0] as number;
  return values.every((value) => value === first) ? first : values;
}

/** A tile after painting; the one before stays as it is. */
export function painted(before: Tile, cover: TileCover, action: Action): Tile {
  if (cover.whole) return whole(action);
  if (cover.blocks && !cover.blocks.includes(1)) return before;
  const after = opened(before);
  if (cover.blocks) paintBlocks(after, before, cover.values, action, cover.blocks);
  else blend(after, before, cover.values, action, 0, 0, TILE, TILE);
  return after;
}

/** A tile that is painted fully. */
export const whole = (action: Action): Tile => (action === "add" ? 255 : 0);

/** The same for some blocks, into an array that is kept. */
export function paintBlocks(
  after: Uint8Array,
  before: Tile,
  cover: Uint8Array,
  action: Action,
  blocks: Uint8Array,
): void {
  for (let block = 0; block < blocks.length; block++) {
    if (!blocks[block]) continue;
    const left = (block % BLOCKS) * BLOCK;
    const top = Math.floor(block / BLOCKS) * BLOCK;
    blend(after, before, cover, action, left, top, left + BLOCK, top + BLOCK);
  }
}

function blend(
  after: Uint8Array,
  before: Tile,
  cover: Uint8Array,
  action: Action,
  left: number,
  top: number,
  right: number,
  bottom: number,
): void {
  const constant = typeof before === "number" ? before : -1;
  const pixels = typeof before === "number" ? after : before;
  for (let row = top; row < bottom; row++) {
    for (let at = row * TILE + left; at < row * TILE + right; at++) {
      const value = constant >= 0 ? constant : (pixels[at] as number);
      const share = cover[at] as number;
      after[at] = action === "add" ? value + over255((255 - value) * share) : value - over255(value * share);
    }
  }
}

/** Divided by 255 and rounded, for products of two bytes. */
const over255 = (product: number): number => ((product + 128) * 257) >> 16;

/** A tile of the next level from the four that it lies over; null where there is none. */
export function halved(from: readonly (Tile | null)[]): Tile {
  const known = from.filter((tile) => tile !== null);
  const first = known[0] as Tile;
  if (typeof first === "number" && known.every((tile) => tile === first)) return first;
  const values = new Uint8Array(TILE * TILE);
  const half = TILE / 2;
  from.forEach((tile, index) => {
    const corner = (index >> 1) * half * TILE + (index & 1) * half;
    for (let row = 0; row < half; row++) {
      let to = corner + row * TILE;
      if (typeof tile === "number" || tile === null) {
        values.fill(tile ?? 0, to, to + half);
        continue;
      }
      for (let at = row * 2 * TILE; at < row * 2 * TILE + TILE; at += 2) {
        const sum =
          (tile[at] as number) +
          (tile[at + 1] as number) +
          (tile[at + TILE] as number) +
          (tile[at + TILE + 1] as number);
        values[to++] = (sum + 2) >> 2;
      }
    }
  });
  return values;
}
