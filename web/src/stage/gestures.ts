/** What pointers do together: one draws or moves the photo, two fingers pinch. Knows no page; times are in ms. */

import type { Point } from "../edits";

export type Device = "mouse" | "pen" | "touch";

export interface Press {
  readonly id: number;
  readonly device: Device;
  /** CSS pixels of the stage. */
  readonly place: Point;
  readonly time: number;
  /** It takes hold of the photo, rather than draws. */
  readonly grabs: boolean;
}

export type Act =
  | { readonly kind: "begin" }
  | { readonly kind: "draw" }
  | { readonly kind: "end" }
  | { readonly kind: "cancel" }
  | { readonly kind: "pan"; readonly dx: number; readonly dy: number }
  | { readonly kind: "pinch"; readonly before: readonly [Point, Point]; readonly after: readonly [Point, Point] }
  | { readonly kind: "doubleTap"; readonly place: Point };

interface Held {
  readonly device: Device;
  readonly start: Point;
  readonly begun: number;
  place: Point;
}

// A stroke of a finger that has just begun was the first of two fingers.
const JUST_MS = 250;
const JUST_PX = 16;

// As systems have it for a double click.
const TAP_MS = 300;
const TAP_PX = 8;
const DOUBLE_MS = 400;
const DOUBLE_PX = 24;

export class Gestures {
  private readonly held = new Map<number, Held>();
  /** What the pointers that are held do; `drawing` is the one that draws. */
  private role: "idle" | "draw" | "move" = "idle";
  private drawing = -1;
  private tap: { readonly place: Point; readonly time: number } | null = null;

  down({ id, device, place, time, grabs }: Press): Act[] {
    // The hand that rests on the screen while its pen draws.
    if (device === "touch" && this.of("pen")) return [];
    const acts = device === "touch" ? this.another(time) : this.release();
    this.held.set(id, { device, start: place, begun: time, place });
    if (this.role === "idle" && !grabs) {
      this.role = "draw";
      this.drawing = id;
      acts.push({ kind: "begin" });
    } else this.role = "move";
    return acts;
  }

  move(id: number, place: Point): Act | null {
    const held = this.held.get(id);
    if (!held) return null;
    if (this.role === "draw") {
      held.place = place;
      return id === this.drawing ? { kind: "draw" } : null;
    }
    const before = this.places();
    held.place = place;
    const after = this.places();
    if (before[1] && after[1]) return { kind: "pinch", before: [before[0], before[1]], after: [after[0], after[1]] };
    return { kind: "pan", dx: after[0][0] - before[0][0], dy: after[0][1] - before[0][1] };
  }

  up(id: number, time: number): Act[] {
    const held = this.held.get(id);
    if (!held) return [];
    this.held.delete(id);
    const acts: Act[] = [];
    if (this.role === "draw" && id === this.drawing) acts.push({ kind: "end" });
    else if (this.held.size === 0 && this.isDouble(held, time)) acts.push({ kind: "doubleTap", place: held.place });
    if (this.held.size === 0) this.role = "idle";
    return acts;
  }

  /** The system has taken the pointer away. */
  lost(id: number): Act[] {
    if (!this.held.delete(id)) return [];
    const acts: Act[] = this.role === "draw" && id === this.drawing ? [{ kind: "cancel" }] : [];
    if (this.held.size === 0) this.role = "idle";
    return acts;
  }

  /** One finger more: what the first one drew was meant, or it was the first of two. */
  private another(time: number): Act[] {
    const held = this.held.get(this.drawing);
    if (this.role !== "draw" || !held) return [];
    this.role = "move";
    this.tap = null;
    const just = time - held.begun < JUST_MS && away(held.place, held.start) < JUST_PX;
    return [{ kind: just ? "cancel" : "end" }];
  }

  /** A mouse or a pen: whatever else was held does no more. */
  private release(): Act[] {
    const acts: Act[] = this.role === "draw" ? [{ kind: "end" }] : [];
    this.held.clear();
    this.role = "idle";
    return acts;
  }

  private places(): [Point, Point?] {
    const [first, second] = [...this.held.values()];
    return second ? [(first as Held).place, second.place] : [(first as Held).place];
  }

  private isDouble(held: Held, time: number): boolean {
    if (away(held.place, held.start) > TAP_PX || time - held.begun > TAP_MS) {
      this.tap = null;
      return false;
    }
    const second = this.tap && time - this.tap.time < DOUBLE_MS && away(held.place, this.tap.place) < DOUBLE_PX;
    this.tap = second ? null : { place: held.place, time };
    return second ?? false;
  }

  private of(device: Device): boolean {
    return [...this.held.values()].some((held) => held.device === device);
  }
}

const away = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
