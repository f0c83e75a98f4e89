/** What lies within a closed line: even-odd, and by its area in pixels that the line crosses. */

import type { Point } from "../../edits";
import { TILE } from "./grid";

// Lines across each row of pixels, along which coverage is exact: those of the server.
const LINES = 32;

/** The sides of a polygon that cross rows, downwards: top, bottom, x at the top and x for each y, one after the other. */
export type Sides = Float64Array;

export function sides(points: readonly Point[]): Sides {
  const found: number[] = [];
  points.forEach((a, index) => {
    const b = points[(index + 1) % points.length] as Point;
    const [upper, lower] = a[1] <= b[1] ? [a, b] : [b, a];
    if (lower[1] > upper[1]) found.push(upper[1], lower[1], upper[0], (lower[0] - upper[0]) / (lower[1] - upper[1]));
  });
  return Float64Array.from(found);
}

/** 0..255 (`full` inside) for each pixel of the tile whose upper left corner is at (left, top), TILE in a row. */
export function lassoCover(of: Sides, left: number, top: number, full: number): Uint8Array {
  const values = new Uint8Array(TILE * TILE);
  const near = within(of, top, top + TILE);
  const sums = new Float64Array(TILE + 2);
  const crossings: number[] = [];
  for (let row = 0; row < TILE; row++) {
    sums.fill(0);
    const here = within(near, top + row, top + row + 1);
    if (here.length === 0) continue;
    for (let line = 0; line < LINES; line++) {
      const y = top + row + (line + 0.5) / LINES;
      crossings.length = 0;
      for (let i = 0; i < here.length; i += 4) {
        const upper = here[i] as number;
        if (upper > y || (here[i + 1] as number) <= y) continue;
        const x = (here[i + 2] as number) + (y - upper) * (here[i + 3] as number) - left;
        crossings.push(Math.min(TILE, Math.max(0, x)));
      }
      crossings.sort((a, b) => a - b);
      crossings.forEach((x, index) => {
        step(sums, x, index % 2 === 0 ? 1 : -1);
      });
    }
    let inside = 0;
    for (let column = 0; column < TILE; column++) {
      inside += sums[column] as number;
      values[row * TILE + column] = Math.round((full * Math.max(0, inside)) / LINES);
    }
  }
  return values;
}

/** Those that cross rows from top to bottom. */
function within(of: Sides, top: number, bottom: number): Sides {
  const found: number[] = [];
  for (let i = 0; i < of.length; i += 4) {
    if ((of[i] as number) < bottom && (of[i + 1] as number) > top) {
      found.push(of[i] as number, of[i + 1] as number, of[i + 2] as number, of[i + 3] as number);
    }
  }
  return Float64Array.from(found);
}

/** From x on there is so much more of it: `sums` are the differences from pixel to pixel. */
function step(sums: Float64Array, x: number, sign: number): void {
  const pixel = Math.floor(x);
  const rest = x - pixel;
  sums[pixel] = (sums[pixel] as number) + sign * (1 - rest);
  sums[pixel + 1] = (sums[pixel + 1] as number) + sign * rest;
}
