/** From the places of a pointer to edits: points thinned and rounded, strokes split where they have to be. */

import type { BrushEdit, LassoEdit, Point } from "../edits";
import type { Tool } from "./contract";
import type { Brush } from "./engine/layers";

export type BrushTool = Extract<Tool, { kind: "brush" }>;
export type LassoTool = Extract<Tool, { kind: "lasso" }>;

/** Where a pointer has been, in pixels of the photo, and how hard it was pressed: 0..1, null if it cannot tell. */
export interface Sample {
  readonly point: Point;
  readonly pressure: number | null;
}

/** What the engine has to do to show it. */
export type Change =
  | { readonly kind: "begin"; readonly brush: Brush }
  | { readonly kind: "draw"; readonly points: readonly Point[] }
  | { readonly kind: "end"; readonly edit: BrushEdit };

// What the server takes of one edit.
const MAX_POINTS = 10_000;

// Of a pixel. More is not to be seen, and makes numbers longer.
const FINE = 8;

// Points nearer to each other than this share of the radius are not seen to be missing, nor are those within one pixel
// of the screen; the server takes 100,000 of them in all.
const STEP_OF_RADIUS = 1 / 8;
const LEAST_STEP = 1 / 4;

/** How far points are from each other at least, in pixels of the photo. `scale`: CSS pixels for each of them. */
export const stepFor = (scale: number, radius = 0): number => Math.max(LEAST_STEP, 1 / scale, radius * STEP_OF_RADIUS);

// Pressure is told in steps, each a stroke of its own. It has to be beyond the middle between two to change.
const STEPS = 10;
const STICKY = 0.75;

export const rounded = ([x, y]: Point): Point => [Math.round(x * FINE) / FINE, Math.round(y * FINE) / FINE];

/** A stroke that is being drawn. */
export class Trace {
  private piece: { radius: number; points: Point[] } | null = null;
  private readonly edits: BrushEdit[] = [];
  /** Too near to the last point, but where the pointer is. */
  private skipped: Point | null = null;
  private share = 0;

  /** `group` is the number by which its edits are held together, if there come to be several; `step` as `stepFor` has it. */
  constructor(
    private readonly tool: BrushTool,
    private readonly group: number,
    private readonly step: number,
    private readonly most = MAX_POINTS,
  ) {}

  add(samples: readonly Sample[]): Change[] {
    const changes: Change[] = [];
    for (const { point, pressure } of samples) {
      const at = rounded(point);
      const radius = this.radiusFor(pressure);
      if (this.piece && radius !== this.piece.radius) this.turn(radius, changes);
      const last = this.piece?.points.at(-1);
      if (last && Math.hypot(at[0] - last[0], at[1] - last[1]) < this.step) {
        this.skipped = at;
        continue;
      }
      this.skipped = null;
      if (!this.piece) this.open(radius, at, changes);
      else this.go(at, changes);
    }
    return joined(changes);
  }

  /** It is lifted: the last changes, and all edits of it in order. */
  finish(): { readonly changes: readonly Change[]; readonly edits: readonly BrushEdit[] } {
    const changes: Change[] = [];
    this.catchUp(changes);
    this.close(changes, this.edits.length > 0);
    return { changes: joined(changes), edits: this.edits };
  }

  private radiusFor(pressure: number | null): number {
    if (pressure === null) return this.tool.radius;
    const wanted = Math.max(1, pressure * STEPS);
    if (Math.abs(wanted - this.share) > STICKY) this.share = Math.round(wanted);
    return (this.tool.radius * this.share) / STEPS;
  }

  private open(radius: number, at: Point, changes: Change[]): void {
    this.piece = { radius, points: [at] };
    changes.push({ kind: "begin", brush: this.brush(radius) }, { kind: "draw", points: [at] });
  }

  private go(at: Point, changes: Change[]): void {
    const { points, radius } = this.piece as { radius: number; points: Point[] };
    if (points.length === this.most) this.turn(radius, changes);
    this.piece?.points.push(at);
    changes.push({ kind: "draw", points: [at] });
  }

  /** Another piece, from where this one ends. */
  private turn(radius: number, changes: Change[]): void {
    this.catchUp(changes);
    const last = this.piece?.points.at(-1) as Point;
    this.close(changes, true);
    this.open(radius, last, changes);
  }

  private catchUp(changes: Change[]): void {
    const at = this.skipped;
    this.skipped = null;
    const last = this.piece?.points.at(-1);
    if (at && last && (at[0] !== last[0] || at[1] !== last[1])) this.go(at, changes);
  }

  private close(changes: Change[], several: boolean): void {
    if (!this.piece) return;
    const { radius, points } = this.piece;
    this.piece = null;
    const edit: BrushEdit = { ...this.brush(radius), points, ...(several && { group: this.group }) };
    this.edits.push(edit);
    changes.push({ kind: "end", edit });
  }

  private brush(radius: number): Brush {
    const { action, hardness, opacity } = this.tool;
    return { kind: "brush", action, radius, hardness, opacity };
  }
}

/** Points one after the other are one message. */
function joined(changes: readonly Change[]): Change[] {
  const all: Change[] = [];
  for (const change of changes) {
    const last = all.at(-1);
    if (change.kind === "draw" && last?.kind === "draw") {
      all[all.length - 1] = { kind: "draw", points: [...last.points, ...change.points] };
    } else all.push(change);
  }
  return all;
}

/** A line that is being drawn around something. */
export class LassoTrace {
  points: Point[] = [];

  constructor(
    private readonly tool: LassoTool,
    private step: number,
    private readonly most = MAX_POINTS,
  ) {}

  /** From which of its points on the line is another one now. */
  add(points: readonly Point[]): number {
    let same = this.points.length;
    for (const point of points) {
      const at = rounded(point);
      const last = this.points.at(-1);
      if (!last || Math.hypot(at[0] - last[0], at[1] - last[1]) >= this.step) this.points.push(at);
      if (this.points.length < this.most) continue;
      this.coarsen();
      same = 0;
    }
    return same;
  }

  /** null where nothing lies within it. */
  finish(): LassoEdit | null {
    const { points } = this;
    const [first] = points;
    if (points.length < 3 || !first) return null;
    const width = points.some(([x]) => Math.abs(x - first[0]) >= 1);
    const height = points.some(([, y]) => Math.abs(y - first[1]) >= 1);
    return width && height ? { kind: "lasso", action: this.tool.action, points, opacity: 1 } : null;
  }

  /** Every other point has to do, as a closed line cannot be split. */
  private coarsen(): void {
    this.points = this.points.filter((_, index) => index % 2 === 0);
    this.step *= 2;
  }
}
