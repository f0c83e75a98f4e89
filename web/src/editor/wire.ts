/** Edits as the server takes them, and how much of them it takes. */

import type { BrushEdit, Edit, Point } from "../edits";

/** Bounds of the server, in all edits of a picture together. */
export const LIMITS = {
  strokes: 10_000,
  points: 100_000,
  /** Of JSON. */
  bytes: 2_000_000,
  /** How often brushes and lassos may cover the whole photo. */
  cover: 300,
  /** Points that grow. */
  grows: 200,
} as const;

export type Limit = keyof typeof LIMITS;

// Coordinates are told to an eighth of a pixel; a point goes if the line without it stays within a tenth of where it was.
const GRID = 8;
const TOLERANCE = 0.1;

// So many points at most are replaced by one line: each is looked at again for each that follows.
const WINDOW = 64;

// A lasso's line costs the server as much as so many pixels covered, for each pixel that it goes up or down.
const LINE_COST = 800;

interface Wired {
  readonly json: string;
  readonly points: number;
  /** Square pixels that are painted at most, as the server counts them. */
  readonly area: number;
}

// An edit never changes, and is asked for after each one that follows.
const known = new WeakMap<Edit, Wired>();

/** The field `strokes`. */
export const wire = (edits: readonly Edit[]): string => `[${edits.map((edit) => wired(edit).json).join(",")}]`;

/** Which of the server's bounds is nearest, and how near: 1 is reached. */
export function fullness(edits: readonly Edit[], width: number, height: number): { limit: Limit; share: number } {
  const whole = width * height;
  const used = { strokes: edits.length, points: 0, bytes: 1, cover: 0, grows: 0 };
  for (const edit of edits) {
    const { json, points, area } = wired(edit);
    used.points += points;
    used.bytes += json.length + 1;
    used.cover += (edit.kind === "brush" ? Math.min(whole, area) : area) / whole;
    if (edit.kind === "grow") used.grows += 1;
  }
  let fullest: { limit: Limit; share: number } = { limit: "strokes", share: 0 };
  for (const limit of Object.keys(LIMITS) as Limit[]) {
    const share = used[limit] / LIMITS[limit];
    if (share > fullest.share) fullest = { limit, share };
  }
  return fullest;
}

/** A line with as few points as show the same within a tenth of a pixel. Its ends stay. */
export function thinned(points: readonly Point[]): readonly Point[] {
  const [first] = points;
  if (first === undefined) return points;
  const kept: Point[] = [first];
  let from = 0;
  while (from < points.length - 1) {
    let to = from + 1;
    while (to + 1 < points.length && to - from < WINDOW && straight(points, from, to + 1)) to++;
    kept.push(points[to] as Point);
    from = to;
  }
  return kept;
}

function wired(edit: Edit): Wired {
  const before = known.get(edit);
  if (before !== undefined) return before;
  const made = written(edit);
  known.set(edit, made);
  return made;
}

function written(edit: Edit): Wired {
  // Field by field: what the page keeps about an edit beside these is none of the server's business.
  const { kind, action } = edit;
  if (edit.kind === "grow") {
    const json = JSON.stringify({ kind, action, point: rounded(edit.point), reach: share(edit.reach) });
    return { json, points: 1, area: 0 };
  }
  const points = corners(edit);
  if (edit.kind === "lasso") {
    const json = JSON.stringify({ kind, action, points, opacity: share(edit.opacity) });
    return { json, points: points.length, area: lassoArea(points) };
  }
  const { radius, hardness, opacity } = edit;
  const brush = { kind, action, points, radius: share(radius), hardness: share(hardness), opacity: share(opacity) };
  return { json: JSON.stringify(brush), points: points.length, area: brushArea(edit) };
}

/** A lasso that all falls into one place still has three corners, which the server asks for. */
function corners(edit: Exclude<Edit, { kind: "grow" }>): readonly Point[] {
  const points = edit.points.map(rounded);
  const thin = thinned(points);
  return edit.kind === "lasso" && thin.length < 3 ? points : thin;
}

/** Whether all points between two are as good as on the line that joins these. */
function straight(points: readonly Point[], from: number, to: number): boolean {
  const [ax, ay] = points[from] as Point;
  const [bx, by] = points[to] as Point;
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  for (let i = from + 1; i < to; i++) {
    const [x, y] = points[i] as Point;
    // The nearest place between the two, not beyond them: a line that goes on and comes back paints there.
    const along = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
    if (Math.hypot(ax + along * dx - x, ay + along * dy - y) > TOLERANCE) return false;
  }
  return true;
}

/** No less than what a touch covers. */
function brushArea({ points, radius }: BrushEdit): number {
  let length = 0;
  for (let i = 1; i < points.length; i++) {
    const [ax, ay] = points[i - 1] as Point;
    const [bx, by] = points[i] as Point;
    length += Math.hypot(bx - ax, by - ay);
  }
  return 4 * radius ** 2 + 2 * radius * length;
}

/** No less than the work that a lasso is. */
function lassoArea(points: readonly Point[]): number {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  let drop = 0;
  points.forEach(([x, y], i) => {
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
    drop += Math.abs(y - (points.at(i - 1) as Point)[1]);
  });
  return (right - left) * (bottom - top) + LINE_COST * drop;
}

const rounded = ([x, y]: Point): Point => [Math.round(x * GRID) / GRID, Math.round(y * GRID) / GRID];

const share = (value: number): number => Math.round(value * 1000) / 1000;
