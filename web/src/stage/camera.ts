/** The view of a stage: where it goes, how it gets there, and who is told. */

import type { Point } from "../edits";
import { between, clamp, fitted, pan, pinch, resized, revealed, type Size, scaledTo, zoomAt } from "../viewport/view";
import type { View } from "./contract";

// Room around a photo that fits, in CSS pixels.
const MARGIN = 16;

const WAY_MS = 180;

export class Camera {
  view: View = { scale: 1, x: 0, y: 0 };
  /** As long as nobody has chosen another view. */
  fits = true;
  stage: Size = { width: 1, height: 1 };
  private photo: Size = { width: 1, height: 1 };
  private frame = 0;
  private goal: View | null = null;

  constructor(private readonly changed: () => void) {}

  /** Another photo: it is shown as it fits. */
  setPhoto(photo: Size): void {
    this.photo = photo;
    this.fit(false);
  }

  setStage(stage: Size): void {
    const before = this.stage;
    this.stage = stage;
    if (this.fits) this.fit(false);
    else this.jump(resized(this.view, this.photo, before, stage));
  }

  fit(slowly = true): void {
    this.go(fitted(this.photo, this.stage, this.margin()), slowly, true);
  }

  /** To a scale, around a place of the stage. */
  scaleTo(scale: number, place: Point = this.middle()): void {
    this.go(scaledTo(this.aim(), place, scale, this.photo, this.stage), true);
  }

  /** By a factor; at once where it follows a hand. */
  zoom(factor: number, place: Point = this.middle(), slowly = false): void {
    this.go(zoomAt(this.aim(), place, factor, this.photo, this.stage), slowly);
  }

  pan(dx: number, dy: number): void {
    this.go(pan(this.aim(), dx, dy, this.photo, this.stage), false);
  }

  pinch(before: readonly [Point, Point], after: readonly [Point, Point]): void {
    this.go(pinch(this.view, before, after, this.photo, this.stage), false);
  }

  reveal(point: Point): void {
    const view = revealed(this.view, point, 3 * MARGIN, this.photo, this.stage);
    if (view !== this.view) this.go(view, false);
  }

  middle(): Point {
    return [this.stage.width / 2, this.stage.height / 2];
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.goal = null;
  }

  /** Where it is going: a key that is pressed twice goes twice as far. */
  private aim(): View {
    return this.goal ?? this.view;
  }

  private go(to: View, slowly: boolean, fits = false): void {
    this.stop();
    this.fits = fits;
    if (slowly && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.glide(to);
    else this.jump(to);
  }

  private glide(to: View): void {
    this.goal = to;
    const from = this.view;
    let begun: number | null = null;
    const step = (now: number) => {
      begun ??= now;
      const share = Math.min(1, (now - begun) / WAY_MS);
      if (share === 1) this.goal = null;
      else this.frame = requestAnimationFrame(step);
      this.jump(share === 1 ? to : between(from, to, 1 - (1 - share) ** 3, this.stage));
    };
    this.frame = requestAnimationFrame(step);
  }

  private jump(to: View): void {
    this.view = clamp(to, this.photo, this.stage);
    this.changed();
  }

  private margin(): number {
    return Math.min(MARGIN, this.stage.width / 10, this.stage.height / 10);
  }
}
