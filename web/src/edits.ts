/** Changes of a matte by hand: what the server takes in the field `strokes`, in pixels of the photo. */

export type Action = "add" | "remove";

/** Pixel (i, j) reaches from (i, j) to (i + 1, j + 1), as on a canvas. */
export type Point = readonly [x: number, y: number];

/** One touch of a round brush; see `Stroke` in the OpenAPI for what hardness and opacity mean. */
export interface BrushEdit {
  readonly kind: "brush";
  readonly action: Action;
  readonly points: readonly Point[];
  /** Pixels of the photo, > 0. */
  readonly radius: number;
  /** 0..1, the share of the radius that is painted fully. */
  readonly hardness: number;
  /** 0..1 */
  readonly opacity: number;
  /** Edits of one number belong together (one touch of a pen that was pressed unevenly): they are undone as one. Not for the server. */
  readonly group?: number;
}

/** All that lies within a closed line (even-odd where it crosses itself). */
export interface LassoEdit {
  readonly kind: "lasso";
  readonly action: Action;
  readonly points: readonly Point[];
  readonly opacity: number;
}

/** A point that grows on the photo to the next edge. */
export interface GrowEdit {
  readonly kind: "grow";
  readonly action: Action;
  readonly point: Point;
  /** 0..1, how large a difference of colour it passes. */
  readonly reach: number;
}

export type Edit = BrushEdit | LassoEdit | GrowEdit;

/** What a growing point covers, as the server tells it: a grey picture at a place of the photo. */
export interface Reach {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** A grey PNG of width × height as a data URL: 255 is covered fully. */
  readonly image: string;
}
