/** What the page and the engine, which draws in a worker, say to each other. */

import type { Edit, Point, Reach } from "../edits";
import type { Behind, Overlay, Problem, View } from "./contract";
import type { Rgb } from "./engine/compose";
import type { Brush } from "./engine/layers";

/** A file and a number for it: files that were sent cannot be told from others. */
export interface File {
  readonly id: number;
  readonly blob: Blob;
}

export interface Photo {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly file: File;
}

export type SentBehind = Exclude<Behind, { readonly kind: "image" }> | { readonly kind: "image"; readonly file: File };

/** A scene without its edits, which are told by themselves. */
export type SentScene =
  | { readonly mode: "result"; readonly behind: SentBehind; readonly compare: number | null }
  | { readonly mode: "edit"; readonly behind: SentBehind; readonly overlay: Overlay; readonly original: boolean };

/** Colours of the page's tokens. */
export interface Look {
  readonly checkA: string;
  readonly checkB: string;
  /** What is removed is tinted by it. */
  readonly removed: Rgb;
}

export interface SentEdit {
  readonly id: number;
  readonly edit: Edit;
}

export type ToEngine =
  | { readonly type: "canvas"; readonly canvas: OffscreenCanvas }
  /** In device pixels. */
  | { readonly type: "size"; readonly width: number; readonly height: number; readonly density: number }
  | { readonly type: "look"; readonly look: Look }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "photo"; readonly photo: Photo }
  | { readonly type: "matte"; readonly file: File | null }
  | { readonly type: "cutout"; readonly file: File | null }
  | { readonly type: "scene"; readonly scene: SentScene }
  /** The first `keep` edits stay; these follow. */
  | { readonly type: "edits"; readonly keep: number; readonly add: readonly SentEdit[] }
  | { readonly type: "reach"; readonly id: number; readonly reach: Reach }
  | { readonly type: "begin"; readonly id: number; readonly brush: Brush }
  | { readonly type: "draw"; readonly points: readonly Point[] }
  | { readonly type: "end" }
  | { readonly type: "cancel" }
  /** A line that is being drawn around something: its first `keep` points stay. It is empty when it is done. */
  | { readonly type: "line"; readonly keep: number; readonly points: readonly Point[] };

export type FromEngine =
  /** The worker runs. */
  | { readonly type: "ready" }
  | { readonly type: "shown"; readonly key: string }
  /** What this edit covers has been painted, or never will be. */
  | { readonly type: "reached"; readonly id: number }
  | ({ readonly type: "problem" } & Problem);
