/** A stage in an element of the page: what it is given goes to the engine, what is done on it to the app. */

import type { Edit, GrowEdit, Point, Reach } from "../edits";
import { toStage } from "../viewport/view";
import { Camera } from "./camera";
import type { Scene, Sheets, StageHandle, StageProps, Tool } from "./contract";
import { Hand } from "./hand";
import { listen } from "./input";
import { Ledger } from "./ledger";
import { link } from "./link";
import { readLook } from "./look";
import type { File, FromEngine, SentBehind, SentScene, ToEngine } from "./messages";
import { Ring } from "./ring";
import type { Sample } from "./trace";

const HAND: Tool = { kind: "hand" };

// Wherever a browser would not notice: that a canvas may be no larger.
const MOST_ACROSS = 8192;

export class Stage implements StageHandle {
  private props: StageProps | null = null;
  private ledger = new Ledger();
  private hand: Hand;
  private readonly canvas = document.createElement("canvas");
  private readonly ring = new Ring();
  private readonly camera = new Camera(() => this.moved());
  private readonly to: ReturnType<typeof link>;
  private readonly ends: (() => void)[] = [];
  private readonly files = new WeakMap<Blob, number>();
  private lastFile = 0;
  private scene = "";
  private readonly reaches = new Map<GrowEdit, Reach>();
  /** Where the ring is. */
  private place: Point | null = null;
  private share = 1;
  private grabbing = false;
  private frame = 0;
  private density: MediaQueryList | null = null;
  private readonly densityChanged = () => {
    this.resize();
    this.followDensity();
  };

  constructor(private readonly element: HTMLElement) {
    element.append(this.canvas, this.ring.element);
    this.to = link(this.canvas, (message) => this.hear(message));
    this.hand = this.newHand();
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(element);
    this.ends.push(() => sizes.disconnect(), this.listen(), this.followLook());
    this.followDensity();
    this.resize();
  }

  close(): void {
    this.density?.removeEventListener("change", this.densityChanged);
    for (const end of this.ends) end();
    cancelAnimationFrame(this.frame);
    this.camera.stop();
    this.to.close();
    this.canvas.remove();
    this.ring.element.remove();
  }

  /** What is to be shown from now on. */
  update(props: StageProps): void {
    const before = this.props;
    this.props = props;
    this.updateSheets(before?.sheets ?? null, props.sheets);
    this.updateScene(props.scene);
    this.showRing();
  }

  fit(): void {
    this.camera.fit();
  }

  actualSize(): void {
    this.camera.scaleTo(1 / devicePixelRatio);
  }

  zoom(factor: number): void {
    this.camera.zoom(factor, undefined, true);
  }

  pan(dx: number, dy: number): void {
    this.camera.pan(dx, dy);
  }

  centre(): Point {
    const { scale, x, y } = this.camera.view;
    const [left, top] = this.camera.middle();
    return [(left - x) / scale, (top - y) / scale];
  }

  begin(point: Point): void {
    this.camera.reveal(point);
    this.hand.begin(this.tool(), { point, pressure: null });
    this.hover(toStage(this.camera.view, point), null);
  }

  moveTo(point: Point): void {
    this.camera.reveal(point);
    this.hand.move([{ point, pressure: null }]);
    this.hover(toStage(this.camera.view, point), null);
  }

  end(): void {
    this.hand.end();
  }

  cancel(): void {
    this.hand.cancel();
  }

  isDown(): boolean {
    return this.hand.isDown;
  }

  /** What has been drawn so far is told: the page may be gone in a moment. */
  keep(): void {
    this.hand.keep();
  }

  private listen(): () => void {
    return listen(this.element, {
      camera: this.camera,
      grabs: () => this.tool().kind === "hand",
      begin: (sample) => this.hand.begin(this.tool(), sample),
      draw: (samples: readonly Sample[]) => this.hand.move(samples),
      end: () => this.hand.end(),
      cancel: () => this.hand.cancel(),
      doubleTap: (place) => this.doubleTap(place),
      hover: (place, pressure) => this.hover(place, pressure),
      held: (grab, down) => this.held(grab, down),
    });
  }

  private newHand(): Hand {
    const { ledger } = this;
    return new Hand({
      ledger,
      send: (message) => this.to.send(message),
      scale: () => this.camera.view.scale,
      drawn: (edit) => this.drawn(edit, ledger),
    });
  }

  private drawn(edit: Edit, ledger: Ledger): void {
    const until = ledger.release(performance.now());
    this.props?.onEdit?.(edit);
    setTimeout(() => this.tell(ledger.settle(performance.now()), ledger), until - performance.now() + 1);
  }

  private tell(difference: ReturnType<Ledger["want"]>, ledger = this.ledger): void {
    if (difference && ledger === this.ledger) this.to.send({ type: "edits", ...difference });
  }

  private updateSheets(before: Sheets | null, now: Sheets): void {
    const another = before?.key !== now.key || before.photo !== now.photo;
    if (another) {
      const { key, width, height } = now;
      this.hand.cancel();
      this.ledger = new Ledger();
      this.reaches.clear();
      this.hand = this.newHand();
      this.to.send({ type: "photo", photo: { key, width, height, file: this.fileOf(now.photo) } });
      if (before?.key !== key || before.width !== width || before.height !== height) this.camera.setPhoto(now);
    }
    for (const type of ["matte", "cutout"] as const) {
      const file = now[type];
      // Another photo has neither, for the engine.
      if ((another ? null : before?.[type]) !== file) this.to.send({ type, file: file && this.fileOf(file) });
    }
  }

  private updateScene(now: Scene): void {
    const sent = this.sentScene(now);
    const name = JSON.stringify(sent);
    if (name !== this.scene) this.to.send({ type: "scene", scene: sent });
    this.scene = name;
    if (now.mode !== "edit") return;
    this.tell(this.ledger.want(now.edits));
    for (const [edit, reach] of now.reaches) {
      if (this.reaches.get(edit) === reach) continue;
      this.reaches.set(edit, reach);
      this.to.send({ type: "reach", id: this.ledger.idOf(edit), reach });
    }
  }

  private sentScene(scene: Scene): SentScene {
    const { kind } = scene.behind;
    const behind: SentBehind = kind === "image" ? { kind, file: this.fileOf(scene.behind.image) } : scene.behind;
    if (scene.mode === "result") return { mode: "result", behind, compare: scene.compare };
    return { mode: "edit", behind, overlay: scene.overlay, original: scene.original };
  }

  private fileOf(blob: Blob): File {
    let id = this.files.get(blob);
    if (id === undefined) {
      this.lastFile += 1;
      id = this.lastFile;
      this.files.set(blob, id);
    }
    return { id, blob };
  }

  private hear(message: FromEngine): void {
    if (message.type === "problem") {
      const { what, code, detail } = message;
      this.props?.onProblem?.({ what, code, detail });
    } else if (message.type === "reached") {
      const edit = [...this.reaches.keys()].find((each) => this.ledger.idOf(each) === message.id);
      if (edit) this.props?.onReached?.(edit);
    } else if (message.type === "shown" && message.key === this.props?.sheets.key) this.props.onShown?.();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) return;
    const density = Math.min(devicePixelRatio, MOST_ACROSS / Math.max(clientWidth, clientHeight));
    const width = Math.round(clientWidth * density);
    const height = Math.round(clientHeight * density);
    this.to.send({ type: "size", width, height, density });
    this.camera.setStage({ width: clientWidth, height: clientHeight });
  }

  /** On another screen pixels have another size, though the stage has not. */
  private followDensity(): void {
    this.density?.removeEventListener("change", this.densityChanged);
    this.density = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    this.density.addEventListener("change", this.densityChanged);
  }

  private moved(): void {
    const { view } = this.camera;
    this.to.send({ type: "view", view });
    this.showRing();
    if (this.frame) return;
    // Once a frame: who is told may have much to do.
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.props?.onView?.(this.camera.view, this.camera.fits);
    });
  }

  private tool(): Tool {
    const scene = this.props?.scene;
    return scene?.mode === "edit" ? scene.tool : HAND;
  }

  private doubleTap(place: Point): void {
    if (this.props?.scene.mode !== "result") return;
    if (this.camera.fits) this.camera.scaleTo(1 / devicePixelRatio, place);
    else this.camera.fit();
  }

  private hover(place: Point | null, pressure: number | null): void {
    this.place = place;
    this.share = pressure && this.hand.isDown ? Math.max(0.1, pressure) : 1;
    this.showRing();
  }

  private held(grab: boolean, down: boolean): void {
    this.grabbing = grab;
    this.element.toggleAttribute("data-held", down);
    this.showRing();
  }

  private showRing(): void {
    const tool = this.grabbing ? HAND : this.tool();
    const seen = this.ring.show(tool, this.camera.view, this.place, this.share);
    const pointer = tool.kind === "hand" ? "grab" : seen ? "ring" : "draw";
    if (this.element.dataset.pointer !== pointer) this.element.dataset.pointer = pointer;
  }

  /** Colours of the page, again when it gets dark. */
  private followLook(): () => void {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const send = () => this.to.send({ type: "look", look: readLook(this.element) } satisfies ToEngine);
    send();
    dark.addEventListener("change", send);
    return () => dark.removeEventListener("change", send);
  }
}
