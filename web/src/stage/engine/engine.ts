/** The engine: it is told what is to be seen, and draws it. It knows no page, so it runs in a worker or beside the page. */

import type { Reach } from "../../edits";
import type { Problem } from "../contract";
import type { File, FromEngine, Look, Photo, SentScene, ToEngine } from "../messages";
import { dropped, isSameBehind, PLAIN, readied } from "./background";
import type { Context } from "./canvas";
import { drawFrame, placeOf, type Shown } from "./frame";
import { type Grid, isEmpty, join, levels, meet, type Rect, tileRect } from "./grid";
import { Layers, type Numbered } from "./layers";
import { Mattes } from "./mattes";
import { inPieces } from "./pause";
import { type Picture, readGrey, readMatte, readPicture, Unreadable } from "./pictures";
import { named, onScreen } from "./screen";
import type { Mask } from "./shape";
import { Sprites } from "./sprites";

/** A canvas of the page, or what was made of it for a worker. */
export type Canvas = OffscreenCanvas | HTMLCanvasElement;

const BEGIN: SentScene = { mode: "result", behind: { kind: "checkerboard" }, compare: null };
const PLAIN_LOOK: Look = { checkA: "#fff", checkB: "#ddd", removed: [200, 30, 30] };

// A large photo's colours take four times the memory of 24 megapixels' cut-out: that is let go while it is not seen.
const LARGE = 24_000_000;

/** Makes an engine that draws on a canvas; what it gives takes messages. */
export function engine(canvas: Canvas, told: (message: FromEngine) => void): (message: ToEngine) => void {
  const on = canvas.getContext("2d") as Context | null;
  if (!on) throw new Error("the browser has no room for a canvas");
  const running = new Engine(canvas, on, told);
  return (message) => running.hear(message);
}

class Engine {
  private readonly sprites = new Sprites();
  private shown: Shown = {
    width: 1,
    height: 1,
    density: 1,
    view: { scale: 1, x: 0, y: 0 },
    look: PLAIN_LOOK,
    scene: BEGIN,
    behind: PLAIN,
    picture: null,
    cutout: null,
    mattes: null,
    line: [],
  };
  private key = "";
  private grids: readonly Grid[] = [];
  private toldShown = false;
  private layers: Layers | null = null;
  private edits: Numbered[] = [];
  /** Kept for edits that are undone and redone. */
  private readonly masks = new Map<number, Mask>();
  /** Edits whose mask has come, and is not yet to be seen. */
  private readonly unseen = new Set<number>();
  private cutoutFile: File | null = null;
  /** The one of which the pixels are there, or come. */
  private cutoutRead: number | null = null;
  /** What is read, one after the other: their pixels together would take too much memory. */
  private turn: Promise<void> = Promise.resolve();
  /** Each is given up when another is wanted. */
  private readonly reading: Partial<Record<"photo" | "matte" | "cutout", AbortController>> = {};
  /** Counts what was wanted behind: what is ready late is dropped. */
  private behindTurn = 0;
  private dirty: Rect | null = null;
  private scheduled = false;

  constructor(
    private readonly canvas: Canvas,
    private readonly on: Context,
    private readonly told: (message: FromEngine) => void,
  ) {}

  hear(message: ToEngine): void {
    switch (message.type) {
      case "size":
        this.resize(message.width, message.height, message.density);
        break;
      case "look":
        this.sprites.forgetAll("edit/");
        this.show({ look: message.look });
        break;
      case "view":
        this.show({ view: message.view });
        break;
      case "photo":
        this.read(message.photo);
        break;
      case "matte":
        this.readMatte(message.file);
        break;
      case "cutout":
        this.cutoutFile = message.file;
        this.readCutout();
        break;
      case "scene":
        this.setScene(message.scene);
        break;
      case "line":
        this.show({ line: [...this.shown.line.slice(0, message.keep), ...message.points] });
        break;
      default:
        this.hearEdits(message);
        break;
    }
  }

  private hearEdits(message: ToEngine): void {
    switch (message.type) {
      case "edits":
        this.edits = this.edits.slice(0, message.keep);
        for (const each of message.add) this.edits.push({ ...each, mask: this.masks.get(each.id) ?? null });
        this.applyEdits();
        break;
      case "reach":
        this.readReach(message.id, message.reach);
        break;
      case "begin":
        this.layers?.begin(message.id, message.brush);
        break;
      case "draw":
        this.layers?.draw(message.points);
        this.schedule();
        break;
      case "end":
        this.layers?.end();
        this.settled();
        break;
      case "cancel":
        this.layers?.cancel();
        this.schedule();
        break;
    }
  }

  /** Changes what is shown, and draws all of it. */
  private show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
    this.damage(this.whole());
  }

  private resize(width: number, height: number, density: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.show({ width, height, density });
    // A canvas of another size is empty, which would be seen until the next frame.
    this.draw();
  }

  private read({ key, width, height, file }: Photo): void {
    for (const each of Object.values(this.reading)) each.abort();
    for (const name of ["photo/", "edit/", "cutout/"]) this.sprites.forgetAll(name);
    this.key = key;
    this.toldShown = false;
    this.grids = levels(width, height);
    this.layers = null;
    this.edits = [];
    this.masks.clear();
    this.unseen.clear();
    this.cutoutFile = null;
    this.cutoutRead = null;
    this.show({ picture: null, cutout: null, mattes: null, line: [] });
    const told = (picture: Picture) => {
      this.sprites.forgetAll("photo/");
      this.sprites.forgetAll("edit/");
      this.show({ picture });
      this.readyBehind();
    };
    this.attempt("photo", (signal) => readPicture(file.blob, this.grids, signal, told));
  }

  private readMatte(file: File | null): void {
    this.reading.matte?.abort();
    if (!file) {
      this.layers = null;
      this.sprites.forgetAll("edit/");
      this.show({ mattes: null });
      return;
    }
    this.attempt("matte", async (signal) => {
      const tiles = await readMatte(file.blob, this.grids[0] as Grid, signal);
      this.layers = new Layers(this.grids[0] as Grid, tiles);
      this.sprites.forgetAll("edit/");
      this.show({ mattes: new Mattes(this.grids, this.layers.tiles) });
      this.applyEdits();
    });
  }

  /**
   * Only while it is to be seen, where it is large. The one before stays until the new one is there, but for one from
   * before the editor was open: what was drawn there is to be seen until then.
   */
  private readCutout(): void {
    const { width, height } = this.grids[0] ?? { width: 0, height: 0 };
    const hidden = width * height > LARGE && this.shown.scene.mode === "edit";
    const file = hidden ? null : this.cutoutFile;
    if ((file?.id ?? null) === this.cutoutRead) return;
    this.reading.cutout?.abort();
    this.cutoutRead = file?.id ?? null;
    if (!file || this.shown.scene.mode === "edit") {
      this.sprites.forgetAll("cutout/");
      this.show({ cutout: null });
    }
    if (!file) return;
    const told = (cutout: Picture) => {
      this.sprites.forgetAll("cutout/");
      this.show({ cutout });
    };
    this.attempt("cutout", (signal) => readPicture(file.blob, this.grids, signal, told));
  }

  private setScene(scene: SentScene): void {
    const before = this.shown;
    if (mannerName(before.scene) !== mannerName(scene)) this.sprites.forgetAll("edit/");
    this.show({ scene });
    if (!isSameBehind(before.scene.behind, scene.behind)) this.readyBehind();
    if (before.scene.mode !== scene.mode) this.readCutout();
  }

  private readReach(id: number, reach: Reach): void {
    // A click on nothing covers nothing, of which there is no picture.
    if (reach.width === 0 || reach.height === 0) return;
    readGrey(fromDataUrl(reach.image)).then(
      (grey) => {
        const mask: Mask = { ...grey, left: reach.left, top: reach.top };
        this.masks.set(id, mask);
        this.edits = this.edits.map((each) => (each.id === id ? { ...each, mask } : each));
        this.unseen.add(id);
        this.applyEdits();
      },
      (error: unknown) => {
        this.told({ type: "reached", id });
        this.complain("matte", error);
      },
    );
  }

  private applyEdits(): void {
    this.layers?.set(this.edits);
    this.schedule();
    this.settle().catch((error: unknown) => this.complain("matte", error));
  }

  /** Paints what waits, what is seen first. */
  private readonly settle = inPieces(
    () => {
      const next = this.nextWaiting();
      if (next === null) return false;
      this.layers?.finish(next);
      this.schedule();
      return true;
    },
    () => this.settled(),
  );

  private nextWaiting(): number | null {
    const waiting = this.layers?.waiting() ?? [];
    const place = placeOf(this.shown);
    const of = this.grids[0] as Grid;
    const seen = waiting.find((tile) => !isEmpty(meet(onScreen(tileRect(of, tile), place), this.whole())));
    return seen ?? waiting[0] ?? null;
  }

  /** The matte stands still: what is made of all of it is made anew. */
  private settled(): void {
    this.schedule();
    if (this.shown.scene.behind.kind === "blur") this.readyBehind();
    // After the frame, which draws all that was painted.
    if (this.unseen.size > 0 && this.layers) requestAnimationFrame(() => this.tellReached());
  }

  private tellReached(): void {
    for (const id of this.unseen) this.told({ type: "reached", id });
    this.unseen.clear();
  }

  private readyBehind(): void {
    const turn = ++this.behindTurn;
    const { scene, picture, mattes } = this.shown;
    this.followChanges();
    readied(scene.behind, picture, mattes).then(
      (behind) => {
        // What is late has been followed by another wish.
        dropped(turn === this.behindTurn ? this.shown.behind : behind);
        if (turn === this.behindTurn) this.show({ behind });
      },
      (error: unknown) => this.complain("background", error),
    );
  }

  private attempt(what: "photo" | "matte" | "cutout", read: (signal: AbortSignal) => Promise<void>): void {
    const control = new AbortController();
    this.reading[what] = control;
    this.turn = this.turn
      .then(() => (control.signal.aborted ? undefined : read(control.signal)))
      .catch((error: unknown) => {
        if (!control.signal.aborted) this.complain(what, error);
      });
  }

  private complain(what: Problem["what"], error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    // What is neither is a lack of memory.
    this.told({ type: "problem", what, code: error instanceof Unreadable ? "unreadable" : "too_large", detail });
  }

  private whole(): Rect {
    return { left: 0, top: 0, right: this.shown.width, bottom: this.shown.height };
  }

  private damage(rect: Rect): void {
    this.dirty = join(this.dirty, rect);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private draw(): void {
    this.followChanges();
    const dirty = this.dirty && meet(this.dirty, this.whole());
    this.dirty = null;
    if (!dirty || isEmpty(dirty)) return;
    drawFrame(this.on, this.sprites, this.shown, dirty);
    this.sprites.trim();
    if (this.toldShown || !this.shown.picture) return;
    this.toldShown = true;
    this.told({ type: "shown", key: this.key });
  }

  /** What has been painted is drawn anew, wherever it is part of. */
  private followChanges(): void {
    const { tiles, rect } = this.layers?.take() ?? { tiles: [], rect: null };
    for (const tile of tiles) {
      this.shown.mattes?.invalidate(tile, (level, each) => this.sprites.forget(named("edit", level, each)));
    }
    if (rect) this.dirty = join(this.dirty, onScreen(rect, placeOf(this.shown)));
  }
}

/** By hand: the page may fetch nothing but what is its own. */
function fromDataUrl(url: string): Blob {
  const bytes = atob(url.slice(url.indexOf(",") + 1));
  return new Blob([Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))], { type: "image/png" });
}

const mannerName = (scene: SentScene): string => (scene.mode === "edit" ? scene.overlay : "none");
