/**
 * A matte and the edits on it, in tiles.
 *
 * Every edit keeps the tiles it has painted over, so that it is undone at once, and one that was undone those that it had
 * painted, so that it is redone at once. Tiles are never written to after that, but for those under the stroke that is
 * being drawn. What has to be painted anew is marked and done tile by tile, as the caller finds the time.
 */

import type { BrushEdit, Edit, Point } from "../../edits";
import { addLine, type Cover, noCover, type Ramp, ramp, reached } from "./brush";
import { type Grid, join, meet, type Rect, TILE, tileRect, tilesOf } from "./grid";
import { isWhole, type Mask, type Shape, shapeOf } from "./shape";
import { opened, paintBlocks, painted, type Tile, whole } from "./tile";

/** An edit by its number; `mask` belongs to one that grows, once it is known. */
export interface Numbered {
  readonly id: number;
  readonly edit: Edit;
  readonly mask: Mask | null;
}

/** A brush that is being drawn with. */
export type Brush = Omit<BrushEdit, "points">;

interface Entry extends Numbered {
  readonly shape: Shape;
  /** Tiles as they were before it; null where they had to be given up. */
  saved: Map<number, Tile> | null;
  bytes: number;
}

/** An edit that was undone. */
interface Undone {
  readonly entry: Entry;
  /** Tiles as they were with it. Cleared where they had to be given up: it is painted anew then. */
  readonly painted: Map<number, Tile>;
  bytes: number;
}

interface Live {
  readonly id: number;
  readonly brush: Brush;
  readonly ramp: Ramp;
  readonly points: Point[];
  readonly covers: Map<number, Cover>;
  readonly saved: Map<number, Tile>;
}

// What undoing and redoing may keep. Beyond it those edits that are furthest away give theirs up, which then takes painting.
const BUDGET = 256 * 1024 * 1024;

export class Layers {
  /** What is to be seen. Not to be changed from outside. */
  readonly tiles: Tile[];
  private stack: Entry[] = [];
  /** What would lie on the stack once more, the last one next. */
  private undone: Undone[] = [];
  /** Tiles that lack edits, and the first one of them. */
  private stale = new Map<number, number>();
  private live: Live | null = null;
  private bytes = 0;
  private changed = new Set<number>();
  private damage: Rect | null = null;

  constructor(
    private readonly of: Grid,
    private readonly base: readonly Tile[],
    private readonly budget = BUDGET,
  ) {
    this.tiles = [...base];
  }

  /** What is to be applied, in order. What is there already, as far as it agrees, stays. */
  set(edits: readonly Numbered[]): void {
    let same = 0;
    while (same < edits.length && isSame(this.stack[same], edits[same])) same++;
    if (same === edits.length && same === this.stack.length) return;
    const live = this.live;
    this.cancel();
    this.pop(same);
    for (const each of edits.slice(same)) if (!this.redo(each)) this.push(each);
    this.forgetDone();
    this.trim();
    if (!live) return;
    this.begin(live.id, live.brush);
    this.draw(live.points);
  }

  /** Numbers of tiles that wait to be painted. */
  waiting(): readonly number[] {
    return [...this.stale.keys()];
  }

  /** Paints what a tile lacks. */
  finish(tile: number): void {
    const from = this.stale.get(tile);
    if (from === undefined) return;
    this.stale.delete(tile);
    for (const entry of this.stack.slice(from)) {
      if (!entry.shape.tiles.has(tile)) continue;
      const before = this.tiles[tile] as Tile;
      this.tiles[tile] = painted(before, entry.shape.cover(tile), entry.shape.action);
      this.save(entry, tile, before);
    }
    this.trim();
    this.touch(tile, tileRect(this.of, tile));
  }

  /** The tiles that have changed since this was last asked, and what holds all of the change. */
  take(): { readonly tiles: ReadonlySet<number>; readonly rect: Rect | null } {
    const found = { tiles: this.changed, rect: this.damage };
    this.changed = new Set();
    this.damage = null;
    return found;
  }

  /** A stroke begins: it lies above all edits until it is ended. */
  begin(id: number, brush: Brush): void {
    this.cancel();
    this.live = { id, brush, ramp: ramp(brush), points: [], covers: new Map(), saved: new Map() };
  }

  /** The stroke goes on to these points. Only what their lines reach is worked on. */
  draw(points: readonly Point[]): void {
    const live = this.live;
    if (!live) return;
    for (const point of points) {
      const last = live.points[live.points.length - 1] ?? point;
      live.points.push(point);
      this.drawLine(live, last, point);
    }
  }

  /** The stroke becomes an edit as any other. */
  end(): void {
    const live = this.live;
    if (!live) return;
    this.live = null;
    if (live.points.length === 0) return;
    this.forgetUndone();
    const edit: BrushEdit = { ...live.brush, points: live.points };
    const entry: Entry = {
      id: live.id,
      edit,
      mask: null,
      shape: shapeOf(edit, null, this.of),
      saved: new Map(),
      bytes: 0,
    };
    const index = this.stack.push(entry) - 1;
    for (const tile of entry.shape.tiles) {
      const before = live.saved.get(tile);
      if (before !== undefined) this.save(entry, tile, before);
      else this.stale.set(tile, Math.min(this.stale.get(tile) ?? index, index));
    }
    this.trim();
  }

  /** The stroke vanishes. */
  cancel(): void {
    const live = this.live;
    if (!live) return;
    this.live = null;
    for (const [tile, before] of live.saved) {
      this.tiles[tile] = before;
      this.touch(tile, tileRect(this.of, tile));
    }
  }

  private drawLine(live: Live, a: Point, b: Point): void {
    const reach = reached(a, b, live.ramp.outer);
    for (const tile of tilesOf(this.of, reach)) {
      const { before, cover } = this.opening(live, tile);
      const rect = tileRect(this.of, tile);
      addLine(cover, rect.left, rect.top, a, b, live.ramp);
      if (!cover.changed.includes(1)) continue;
      this.touch(tile, meet(rect, reach));
      this.tiles[tile] = isWhole(cover.filled, live.ramp.full)
        ? whole(live.brush.action)
        : this.paintChanged(live, tile, before, cover);
      cover.changed.fill(0);
    }
  }

  private paintChanged(live: Live, tile: number, before: Tile, cover: Cover): Tile {
    const now = this.tiles[tile] as Tile;
    const after = typeof now === "number" || now === before ? opened(before) : now;
    paintBlocks(after, before, cover.values, live.brush.action, cover.changed);
    return after;
  }

  private opening(live: Live, tile: number): { before: Tile; cover: Cover } {
    let cover = live.covers.get(tile);
    if (!cover) {
      this.finish(tile);
      cover = noCover();
      live.covers.set(tile, cover);
      live.saved.set(tile, this.tiles[tile] as Tile);
    }
    return { before: live.saved.get(tile) as Tile, cover };
  }

  /** Brings back what was undone last; whether that is this edit. */
  private redo(each: Numbered): boolean {
    const last = this.undone[this.undone.length - 1];
    if (!last || !isSame(last.entry, each)) return false;
    this.undone.pop();
    const { entry, painted } = last;
    const index = this.stack.push(entry) - 1;
    this.bytes += entry.bytes - last.bytes;
    for (const tile of entry.shape.tiles) {
      const now = painted.get(tile);
      if (now === undefined) {
        this.stale.set(tile, Math.min(this.stale.get(tile) ?? index, index));
        continue;
      }
      this.tiles[tile] = now;
      this.stale.delete(tile);
      this.touch(tile, tileRect(this.of, tile));
    }
    return true;
  }

  private push(each: Numbered): void {
    this.forgetUndone();
    const shape = shapeOf(each.edit, each.mask, this.of);
    const index = this.stack.push({ ...each, shape, saved: new Map(), bytes: 0 }) - 1;
    for (const tile of shape.tiles) this.stale.set(tile, Math.min(this.stale.get(tile) ?? index, index));
  }

  private pop(length: number): void {
    const all = this.stack.length;
    while (this.stack.length > length) {
      const entry = this.stack.pop() as Entry;
      const index = this.stack.length;
      const undone: Undone = { entry, painted: new Map(), bytes: 0 };
      this.undone.push(undone);
      this.bytes -= entry.bytes;
      for (const tile of entry.shape.tiles) {
        if ((this.stale.get(tile) ?? all) <= index) continue;
        const now = this.tiles[tile] as Tile;
        undone.painted.set(tile, now);
        if (typeof now !== "number") undone.bytes += TILE * TILE;
        const before = entry.saved?.get(tile);
        this.tiles[tile] = before ?? (this.base[tile] as Tile);
        this.stale.set(tile, before === undefined ? 0 : index);
      }
      this.bytes += undone.bytes;
    }
  }

  /** Something else was done instead. */
  private forgetUndone(): void {
    for (const { bytes } of this.undone) this.bytes -= bytes;
    this.undone = [];
  }

  /** What was only to be brought back is ready: nothing has to be painted there. */
  private forgetDone(): void {
    for (const [tile, from] of this.stale) {
      if (from < this.stack.length && this.stack.slice(from).some(({ shape }) => shape.tiles.has(tile))) continue;
      this.stale.delete(tile);
      this.touch(tile, tileRect(this.of, tile));
    }
  }

  private save(entry: Entry, tile: number, before: Tile): void {
    entry.saved?.set(tile, before);
    // Those of the matte itself are there anyway, and so are those that have not changed.
    if (!entry.saved || typeof before === "number" || before === this.base[tile] || before === this.tiles[tile]) return;
    entry.bytes += TILE * TILE;
    this.bytes += TILE * TILE;
  }

  private trim(): void {
    for (const undone of this.undone) {
      if (this.bytes <= this.budget) return;
      this.bytes -= undone.bytes;
      undone.bytes = 0;
      undone.painted.clear();
    }
    for (const entry of this.stack) {
      if (this.bytes <= this.budget) return;
      this.bytes -= entry.bytes;
      entry.bytes = 0;
      entry.saved = null;
    }
  }

  private touch(tile: number, rect: Rect): void {
    this.changed.add(tile);
    this.damage = join(this.damage, rect);
  }
}

const isSame = (a: Numbered | undefined, b: Numbered | undefined): boolean =>
  a !== undefined && b !== undefined && a.id === b.id && (a.mask === null) === (b.mask === null);
