/** Drawing by keys: a crosshair that arrow keys move over the photo. */

import type { Edit, Point } from "../edits";
import type { Tool } from "../stage/contract";
import type { Size } from "../viewport/view";

export interface KeyCursor {
  /** Pixels of the photo; null: it is not shown. */
  readonly at: Point | null;
  /** Where the brush was put down last: a line can be drawn from there. */
  readonly from: Point | null;
  /** Of a lasso that is not closed yet. */
  readonly corners: readonly Point[];
}

export const NO_CURSOR: KeyCursor = { at: null, from: null, corners: [] };

export interface CursorKey {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

export interface CursorContext {
  readonly tool: Tool;
  readonly photo: Size;
  /** CSS pixels of the screen for one of the photo. */
  readonly scale: number;
  /** Where the middle of the stage is on the photo: the crosshair begins there. */
  readonly centre: Point;
}

/** What has happened, to be told: by words, and as a change of the matte. */
export type CursorEvent =
  | { readonly kind: "moved" | "cancelled" | "left" }
  | { readonly kind: "corner"; readonly count: number }
  | { readonly kind: "few"; readonly count: number }
  | { readonly kind: "edit"; readonly edit: Edit };

export interface CursorStep {
  readonly cursor: KeyCursor;
  readonly event: CursorEvent;
}

const WAYS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

// On the screen: small enough for a seam, and ten of them for the way there.
const STEP = 8;
const FEWEST = 3;

/** What a key does; null: it is not for the crosshair. */
export function pressed(cursor: KeyCursor, key: CursorKey, context: CursorContext): CursorStep | null {
  if (context.tool.kind === "hand" || key.ctrlKey || key.metaKey) return null;
  const way = WAYS[key.key];
  if (way !== undefined) return moved(cursor, way, key, context);
  if (cursor.at === null || key.altKey) return null;
  switch (key.key) {
    case " ":
      return put(cursor, cursor.at, key.shiftKey, context.tool);
    case "Enter":
      return context.tool.kind === "lasso" ? closed(cursor, context.tool.action) : null;
    case "Escape":
      return cursor.corners.length > 0
        ? { cursor: { ...cursor, corners: [] }, event: { kind: "cancelled" } }
        : { cursor: NO_CURSOR, event: { kind: "left" } };
    default:
      return null;
  }
}

/** Another tool: half a lasso is nothing to it. */
export const retooled = (cursor: KeyCursor): KeyCursor =>
  cursor.corners.length > 0 || cursor.from !== null ? { ...cursor, corners: [], from: null } : cursor;

function moved(
  cursor: KeyCursor,
  [dx, dy]: Point,
  key: CursorKey,
  { photo, scale, centre }: CursorContext,
): CursorStep {
  const event = { kind: "moved" } as const;
  // The first key shows where it is.
  if (cursor.at === null) return { cursor: { ...cursor, at: inside(centre, photo) }, event };
  const length = key.altKey ? 1 : Math.max(1, Math.round(STEP / scale)) * (key.shiftKey ? 10 : 1);
  const [x, y] = cursor.at;
  return { cursor: { ...cursor, at: inside([x + dx * length, y + dy * length], photo) }, event };
}

function put(cursor: KeyCursor, at: Point, line: boolean, tool: Tool): CursorStep {
  switch (tool.kind) {
    case "lasso": {
      const corners = [...cursor.corners, at];
      return { cursor: { ...cursor, corners }, event: { kind: "corner", count: corners.length } };
    }
    case "grow":
      return { cursor, event: { kind: "edit", edit: { ...tool, point: at } } };
    case "brush": {
      const points = line && cursor.from !== null ? [cursor.from, at] : [at];
      return { cursor: { ...cursor, from: at }, event: { kind: "edit", edit: { ...tool, points } } };
    }
    case "hand":
      return { cursor, event: { kind: "moved" } };
  }
}

function closed(cursor: KeyCursor, action: Edit["action"]): CursorStep {
  const { corners } = cursor;
  if (corners.length < FEWEST) return { cursor, event: { kind: "few", count: FEWEST - corners.length } };
  const edit: Edit = { kind: "lasso", action, points: corners, opacity: 1 };
  return { cursor: { ...cursor, corners: [] }, event: { kind: "edit", edit } };
}

/** The middle of the pixel there, or of the nearest one of the photo. */
const inside = ([x, y]: Point, { width, height }: Size): Point => [
  Math.min(width - 1, Math.max(0, Math.floor(x))) + 0.5,
  Math.min(height - 1, Math.max(0, Math.floor(y))) + 0.5,
];
