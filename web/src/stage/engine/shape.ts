/** What an edit covers, tile by tile. */

import type { Action, BrushEdit, Edit, LassoEdit, Point } from "../../edits";
import { addLine, noCover, ramp, reached } from "./brush";
import { type Grid, type Rect, TILE, tileRect, tilesOf } from "./grid";
import { lassoCover, sides } from "./lasso";
import type { TileCover } from "./tile";

/** A grey picture at a place of the photo: what a growing point covers. */
export interface Mask {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 0..255, (height, width) */
  readonly values: Uint8Array;
}

export interface Shape {
  readonly action: Action;
  /** Those that may be covered. */
  readonly tiles: ReadonlySet<number>;
  cover(tile: number): TileCover;
}

/** `mask` is what a growing point covers, once that is known. */
export function shapeOf(edit: Edit, mask: Mask | null, of: Grid): Shape {
  if (edit.kind === "brush") return brushShape(edit, of);
  if (edit.kind === "lasso") return lassoShape(edit, of);
  return maskShape(edit.action, mask, of);
}

/** The lines of a stroke; a click is one without a length. */
export function linesOf(points: readonly Point[]): readonly (readonly [Point, Point])[] {
  const first = points[0] as Point;
  if (points.length === 1) return [[first, first]];
  return points.slice(1).map((point, index) => [points[index] as Point, point]);
}

function brushShape(edit: BrushEdit, of: Grid): Shape {
  const by = ramp(edit);
  const lines = linesOf(edit.points);
  // For each tile its lines, so that a long stroke is not gone through for every tile.
  const found = new Map<number, number[]>();
  lines.forEach(([a, b], index) => {
    for (const tile of tilesOf(of, reached(a, b, by.outer))) {
      const here = found.get(tile);
      if (here) here.push(index);
      else found.set(tile, [index]);
    }
  });
  return {
    action: edit.action,
    tiles: new Set(found.keys()),
    cover(tile) {
      const { left, top } = tileRect(of, tile);
      const cover = noCover();
      for (const index of found.get(tile) ?? []) {
        const [a, b] = lines[index] as readonly [Point, Point];
        addLine(cover, left, top, a, b, by);
      }
      return { values: cover.values, blocks: cover.changed, whole: isWhole(cover.filled, by.full) };
    },
  };
}

/** Whether nothing is left of what was there. */
export const isWhole = (filled: Uint8Array, full: number): boolean =>
  Math.round(full) === 255 && filled.every((block) => block === 1);

function lassoShape(edit: LassoEdit, of: Grid): Shape {
  const all = sides(edit.points);
  const xs = edit.points.map(([x]) => x);
  const ys = edit.points.map(([, y]) => y);
  const rect = { left: least(xs), top: least(ys), right: most(xs), bottom: most(ys) };
  return {
    action: edit.action,
    tiles: new Set(tilesOf(of, rect)),
    cover(tile) {
      const { left, top } = tileRect(of, tile);
      return { values: lassoCover(all, left, top, 255 * edit.opacity), blocks: null, whole: false };
    },
  };
}

const NOTHING: TileCover = { values: new Uint8Array(), blocks: new Uint8Array(), whole: false };

function maskShape(action: Action, mask: Mask | null, of: Grid): Shape {
  if (!mask) return { action, tiles: new Set(), cover: () => NOTHING };
  const { left, top, width, height, values } = mask;
  const rect: Rect = { left, top, right: left + width, bottom: top + height };
  return {
    action,
    tiles: new Set(width > 0 && height > 0 ? tilesOf(of, rect) : []),
    cover(tile) {
      const at = tileRect(of, tile);
      const found = new Uint8Array(TILE * TILE);
      const from = Math.max(at.left, left);
      const to = Math.min(at.right, rect.right);
      for (let y = Math.max(at.top, top); y < Math.min(at.bottom, rect.bottom); y++) {
        const row = (y - top) * width - left;
        found.set(values.subarray(row + from, row + to), (y - at.top) * TILE + from - at.left);
      }
      return { values: found, blocks: null, whole: false };
    },
  };
}

// Not by Math.min(...all): a stroke may have more points than a call takes arguments.
const least = (all: readonly number[]): number => all.reduce((a, b) => Math.min(a, b));
const most = (all: readonly number[]): number => all.reduce((a, b) => Math.max(a, b));
