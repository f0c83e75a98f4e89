/**
 * What a round brush covers: the same as the server paints, as numbers of 0..255.
 *
 * A stroke covers a pixel by its centre's distance to the stroke's line, so a stroke of many lines is, at each pixel,
 * the most that any of them covers. That lets it grow line by line.
 */

import type { BrushEdit, Point } from "../../edits";
import { BLOCK, type Rect, TILE } from "./grid";

/** How coverage falls with the distance. */
export interface Ramp {
  /** Up to here it is full. */
  readonly inner: number;
  /** From here on there is none. */
  readonly outer: number;
  /** 0..255 */
  readonly full: number;
}

/** What a stroke covers of one tile. */
export interface Cover {
  /** 0..255, TILE in a row. */
  readonly values: Uint8Array;
  /** For each block: whether all of it is covered fully. */
  readonly filled: Uint8Array;
  /** For each block: no pixel of it is covered less. */
  readonly least: Uint8Array;
  /** For each block: whether it has changed since it was last asked for. */
  readonly changed: Uint8Array;
}

const BLOCKS = TILE / BLOCK;

// From the middle of a block to the centre of the pixel in its corner.
const HALF_DIAGONAL = ((BLOCK - 1) / 2) * Math.SQRT2;

export function ramp(brush: Pick<BrushEdit, "radius" | "hardness" | "opacity">): Ramp {
  // No harder than a pixel can show: half a pixel to either side of the radius, whatever hardness says.
  const inner = Math.min(brush.hardness * brush.radius, brush.radius - 0.5);
  return { inner, outer: Math.max(brush.radius, inner + 1), full: 255 * brush.opacity };
}

export const noCover = (): Cover => ({
  values: new Uint8Array(TILE * TILE),
  filled: new Uint8Array(BLOCKS * BLOCKS),
  least: new Uint8Array(BLOCKS * BLOCKS),
  changed: new Uint8Array(BLOCKS * BLOCKS),
});

/** The pixels that a line may cover. */
export function reached(a: Point, b: Point, outer: number): Rect {
  return {
    left: Math.floor(Math.min(a[0], b[0]) - outer),
    top: Math.floor(Math.min(a[1], b[1]) - outer),
    right: Math.ceil(Math.max(a[0], b[0]) + outer),
    bottom: Math.ceil(Math.max(a[1], b[1]) + outer),
  };
}

/** Adds the line from a to b to what is covered of the tile whose upper left corner is at (left, top). */
export function addLine(cover: Cover, left: number, top: number, a: Point, b: Point, by: Ramp): void {
  const rect = reached(a, b, by.outer);
  const first = Math.max(0, Math.floor((rect.left - left) / BLOCK));
  const last = Math.min(BLOCKS - 1, Math.floor((rect.right - 1 - left) / BLOCK));
  const upper = Math.max(0, Math.floor((rect.top - top) / BLOCK));
  const lower = Math.min(BLOCKS - 1, Math.floor((rect.bottom - 1 - top) / BLOCK));
  for (let row = upper; row <= lower; row++) {
    for (let column = first; column <= last; column++) {
      const block = row * BLOCKS + column;
      if (cover.filled[block]) continue;
      const x = left + column * BLOCK;
      const y = top + row * BLOCK;
      const away = distance(x + BLOCK / 2, y + BLOCK / 2, a, b);
      // No pixel of it gets more than what is left there, which all of them may have already: where a stroke comes from.
      if (coverAt(away - HALF_DIAGONAL, by) <= (cover.least[block] as number)) continue;
      const corner = row * BLOCK * TILE + column * BLOCK;
      if (away + HALF_DIAGONAL <= by.inner) {
        fill(cover.values, corner, Math.round(by.full));
        cover.filled[block] = 1;
        cover.changed[block] = 1;
      } else measure(cover, block, x, y, a, b, by);
    }
  }
}

function fill(values: Uint8Array, corner: number, value: number): void {
  for (let row = 0; row < BLOCK; row++) values.fill(value, corner + row * TILE, corner + row * TILE + BLOCK);
}

/** What is covered at a distance, 0..255. */
const coverAt = (away: number, { inner, outer, full }: Ramp): number =>
  away >= outer ? 0 : Math.round(Math.min(full, (full * (outer - away)) / (outer - inner)));

/** Every pixel of a block whose corner is at (left, top). */
function measure(cover: Cover, block: number, left: number, top: number, a: Point, b: Point, by: Ramp): void {
  const { values } = cover;
  const corner = Math.floor(block / BLOCKS) * BLOCK * TILE + (block % BLOCKS) * BLOCK;
  const wayX = b[0] - a[0];
  const wayY = b[1] - a[1];
  const square = wayX * wayX + wayY * wayY;
  const inverse = square > 0 ? 1 / square : 0;
  const { inner, outer, full } = by;
  const furthest = outer * outer;
  const nearest = inner > 0 ? inner * inner : -1;
  const slope = full / (outer - inner);
  let changed = 0;
  let least = 255;
  for (let row = 0; row < BLOCK; row++) {
    const y = top + row + 0.5 - a[1];
    const start = corner + row * TILE;
    for (let column = 0; column < BLOCK; column++) {
      const x = left + column + 0.5 - a[0];
      const along = Math.min(1, Math.max(0, (x * wayX + y * wayY) * inverse));
      const acrossX = x - along * wayX;
      const acrossY = y - along * wayY;
      const away = acrossX * acrossX + acrossY * acrossY;
      let value = values[start + column] as number;
      if (away < furthest) {
        const found = (away <= nearest ? full : Math.min(full, slope * (outer - Math.sqrt(away)))) + 0.5;
        if ((found | 0) > value) {
          value = found | 0;
          values[start + column] = value;
          changed = 1;
        }
      }
      if (value < least) least = value;
    }
  }
  cover.least[block] = least;
  if (changed) cover.changed[block] = 1;
}

function distance(x: number, y: number, a: Point, b: Point): number {
  const wayX = b[0] - a[0];
  const wayY = b[1] - a[1];
  const square = wayX * wayX + wayY * wayY;
  const along = square > 0 ? Math.min(1, Math.max(0, ((x - a[0]) * wayX + (y - a[1]) * wayY) / square)) : 0;
  return Math.hypot(x - a[0] - along * wayX, y - a[1] - along * wayY);
}
