/** Events of a stage, as few words: who draws where, how the view is to move. */

import type { Point } from "../edits";
import type { Camera } from "./camera";
import { type Act, type Device, Gestures } from "./gestures";
import type { Sample } from "./trace";

export interface InputOptions {
  readonly camera: Camera;
  /** Whether a finger, or a button that draws otherwise, moves the photo. */
  grabs(): boolean;
  begin(sample: Sample): void;
  draw(samples: readonly Sample[]): void;
  end(): void;
  cancel(): void;
  doubleTap(place: Point): void;
  /** Where the pointer is on the stage, of a kind that hovers or is down; null: nowhere. */
  hover(place: Point | null, pressure: number | null): void;
  /** Space, or a button, takes hold of the photo. */
  held(grab: boolean, down: boolean): void;
}

// A notch of a wheel, 100 or so, is a sixth; pinching on a track pad is told in smaller numbers.
const BY_WHEEL = 0.0016;
const BY_PAD = 0.012;
const LINE_PX = 16;

/** Listens to an element; what is given ends it. */
export function listen(element: HTMLElement, options: InputOptions): () => void {
  const control = new AbortController();
  const { signal } = control;
  const input = new Input(element, options);
  element.addEventListener("pointerdown", (event) => input.press(event), { signal });
  element.addEventListener("pointermove", (event) => input.move(event), { signal });
  element.addEventListener("pointerup", (event) => input.lift(event), { signal });
  element.addEventListener("pointercancel", (event) => input.lift(event), { signal });
  element.addEventListener("pointerenter", () => input.measure(), { signal });
  element.addEventListener("pointerleave", () => options.hover(null, null), { signal });
  element.addEventListener("wheel", (event) => input.wheel(event), { signal, passive: false });
  element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  addEventListener("keydown", (event) => input.spaceDown(event), { signal });
  addEventListener("keyup", (event) => event.key === " " && input.hold(false), { signal });
  addEventListener("blur", () => input.hold(false), { signal });
  return () => control.abort();
}

class Input {
  private readonly gestures = new Gestures();
  private space = false;
  private down = 0;
  // Asked for once a press: a question after a change of the page may cost a layout.
  private origin: DOMRect;

  constructor(
    private readonly element: HTMLElement,
    private readonly options: InputOptions,
  ) {
    this.origin = element.getBoundingClientRect();
  }

  measure(): void {
    this.origin = this.element.getBoundingClientRect();
  }

  press(event: PointerEvent): void {
    const { pointerId: id, pointerType, button, timeStamp: time } = event;
    // The left button, a finger or a pen; or the wheel.
    if (button > 1) return;
    this.measure();
    // Kept on the stage until it is let go, wherever it goes.
    this.element.setPointerCapture(id);
    if (button === 1) event.preventDefault();
    const grab = this.space || button === 1;
    this.down += 1;
    this.options.held(grab, true);
    const place = this.placeOf(event);
    const grabs = grab || this.options.grabs();
    this.follow(this.gestures.down({ id, device: pointerType as Device, place, time, grabs }), event);
    this.options.hover(place, pressureOf(event));
  }

  move(event: PointerEvent): void {
    const place = this.placeOf(event);
    const act = this.gestures.move(event.pointerId, place);
    if (act) this.follow([act], event);
    this.options.hover(place, pressureOf(event));
  }

  lift(event: PointerEvent): void {
    const { gestures, options } = this;
    const up = event.type === "pointerup";
    this.follow(up ? gestures.up(event.pointerId, event.timeStamp) : gestures.lost(event.pointerId), event);
    this.down = Math.max(0, this.down - 1);
    options.held(this.space, this.down > 0);
    if (event.pointerType === "touch") options.hover(null, null);
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    this.measure();
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? this.origin.height : 1;
    // Wheels that turn freely send hundreds at once.
    const by = Math.min(300, Math.max(-300, event.deltaY * unit)) * (event.ctrlKey ? BY_PAD : BY_WHEEL);
    this.options.camera.zoom(Math.exp(-by), this.placeOf(event));
  }

  spaceDown(event: KeyboardEvent): void {
    // Without a pointer on the stage the key has other uses.
    if (event.key !== " " || isTaken(event, this.element) || !this.element.matches(":hover")) return;
    event.preventDefault();
    this.hold(true);
  }

  /** Space is held, or let go. */
  hold(now: boolean): void {
    if (now === this.space) return;
    this.space = now;
    this.options.held(now, this.down > 0);
  }

  private follow(acts: readonly Act[], event: PointerEvent): void {
    const { options } = this;
    for (const act of acts) {
      if (act.kind === "begin") options.begin(this.sampleOf(event));
      else if (act.kind === "draw") options.draw(samplesOf(event).map((each) => this.sampleOf(each)));
      else if (act.kind === "end") options.end();
      else if (act.kind === "cancel") options.cancel();
      else if (act.kind === "pan") options.camera.pan(act.dx, act.dy);
      else if (act.kind === "pinch") options.camera.pinch(act.before, act.after);
      else options.doubleTap(act.place);
    }
  }

  private placeOf({ clientX, clientY }: MouseEvent): Point {
    return [clientX - this.origin.left, clientY - this.origin.top];
  }

  private sampleOf(event: PointerEvent): Sample {
    const { scale, x, y } = this.options.camera.view;
    const [left, top] = this.placeOf(event);
    return { point: [(left - x) / scale, (top - y) / scale], pressure: pressureOf(event) };
  }
}

/** Space does something else there. */
function isTaken(event: KeyboardEvent, element: HTMLElement): boolean {
  const { target } = event;
  if (event.defaultPrevented || !(target instanceof HTMLElement)) return event.defaultPrevented;
  return target !== element && target.closest("button, a, input, select, textarea, summary, [tabindex]") !== null;
}

function samplesOf(event: PointerEvent): readonly PointerEvent[] {
  const all = event.getCoalescedEvents?.() ?? [];
  return all.length > 0 ? all : [event];
}

const pressureOf = (event: PointerEvent): number | null => (event.pointerType === "pen" ? event.pressure : null);
