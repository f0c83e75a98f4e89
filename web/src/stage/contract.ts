/** What the stage shows and what it tells: the seam between the app and the canvas. */

import type { Edit, GrowEdit, Point, Reach } from "../edits";

/** Files that are shown. Their pixels are decoded by the stage, in its worker. */
export interface Sheets {
  /** Changes where it is another photo: the view then begins anew. */
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly photo: Blob;
  /** The matte before any edit, a grey PNG as large as the photo; null while it is not known yet. */
  readonly matte: Blob | null;
  /** The picture with its alpha as the server made it (edges moved, colours cleaned, edits applied); null while it is not known. */
  readonly cutout: Blob | null;
}

export type Behind =
  | { readonly kind: "checkerboard" }
  /** CSS colour. */
  | { readonly kind: "colour"; readonly colour: string }
  /** Scaled to cover, centred. */
  | { readonly kind: "image"; readonly image: Blob }
  /** The photo itself, by a Gaussian of this radius (sigma) in pixels of the photo. */
  | { readonly kind: "blur"; readonly radius: number };

export type Overlay = "none" | "colour" | "black";

/** What is drawn. `result`: the cut-out over what stands behind it; `edit`: photo × (matte after edits), by an overlay. */
export type Scene =
  /** `compare`: 0..1 of the stage's width, the plain photo is shown left of there; null: nowhere. */
  | { readonly mode: "result"; readonly behind: Behind; readonly compare: number | null }
  | {
      readonly mode: "edit";
      readonly behind: Behind;
      readonly overlay: Overlay;
      /** The plain photo, as long as a key or a button is held. */
      readonly original: boolean;
      /** What is applied, in order. The stage keeps what it has painted as long as the list only grows or shrinks at its end. */
      readonly edits: readonly Edit[];
      /** Coverage of the edits that grow; one that is not there yet is painted when it comes. */
      readonly reaches: ReadonlyMap<GrowEdit, Reach>;
      readonly tool: Tool;
    };

/** What a pointer does on the stage. Radii are pixels of the photo. */
export type Tool =
  | {
      readonly kind: "brush";
      readonly action: "add" | "remove";
      readonly radius: number;
      readonly hardness: number;
      readonly opacity: number;
    }
  | { readonly kind: "lasso"; readonly action: "add" | "remove" }
  | { readonly kind: "grow"; readonly action: "add" | "remove"; readonly reach: number }
  | { readonly kind: "hand" };

/** What has been drawn by hand and ended. A growing point comes as an edit whose coverage the app asks the server for. */
export type OnEdit = (edit: Edit) => void;

/** Where the photo lies on the screen: photo pixel p is shown at p * scale + (x, y), in CSS pixels of the stage. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface StageProps {
  readonly sheets: Sheets;
  readonly scene: Scene;
  /** A name for screen readers. */
  readonly label: string;
  /** The view, whenever it changes, once a frame at most. `fits`: the whole photo is shown, and will be when the stage changes its size. */
  readonly onView?: (view: View, fits: boolean) => void;
  readonly onEdit?: OnEdit;
  /** What an edit that grows covers is on the screen. */
  readonly onReached?: (edit: GrowEdit) => void;
  /** The first sheets, or others, are on the screen. */
  readonly onShown?: () => void;
  /** A file could not be decoded. */
  readonly onProblem?: (problem: Problem) => void;
}

export interface Problem {
  /** Which of the files. */
  readonly what: "photo" | "matte" | "cutout" | "background";
  /** `too_large`: there is no memory for its pixels. `not_loaded`: the engine has not come, for any file. */
  readonly code: "unreadable" | "too_large" | "not_loaded";
  /** As the browser puts it. */
  readonly detail: string;
}

/** What the app asks of the stage from outside, by a ref. */
export interface StageHandle {
  fit(): void;
  /** 1 photo pixel = 1 CSS pixel / devicePixelRatio. */
  actualSize(): void;
  /** By a factor, around the middle of the stage. */
  zoom(factor: number): void;
  /** In CSS pixels. */
  pan(dx: number, dy: number): void;
  /** Where on the photo the middle of the stage is. */
  centre(): Point;
  /** What a pointer does at a place of the photo, without one: the current tool goes down there. */
  begin(point: Point): void;
  /** The tool moves on. Where it is not down, only its ring is shown there. The view follows. */
  moveTo(point: Point): void;
  /** It is lifted: what was drawn is told by `onEdit`. */
  end(): void;
  /** What it has drawn since `begin` vanishes. */
  cancel(): void;
  /** The tool is down, by whatever means. */
  isDown(): boolean;
}
