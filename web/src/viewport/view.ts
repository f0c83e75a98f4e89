/** Where a photo lies on a stage: plain numbers, in CSS pixels of the stage. */

import type { Point } from "../edits";
import type { View } from "../stage/contract";

export interface Size {
  readonly width: number;
  readonly height: number;
}

type Place = Point;

/** What is shown of a pixel at most: 32 × 32 can be counted and drawn on. */
export const MAX_SCALE = 32;

/** From here on pixels are shown as squares, in device pixels for each of the photo. */
export const SQUARES_FROM = 4;

// Smaller photos are not blown up beyond this: there would be nothing but blur to be seen.
const MAX_FIT = 2;

// How far one may go beyond seeing all of it.
const SMALLEST = 1 / 4;

/** The whole photo in the middle, with a margin around it. */
export function fitted(photo: Size, stage: Size, margin = 0): View {
  const room = { width: Math.max(1, stage.width - 2 * margin), height: Math.max(1, stage.height - 2 * margin) };
  const scale = Math.min(room.width / photo.width, room.height / photo.height, MAX_FIT);
  return centred(photo, stage, scale);
}

/** A scale within bounds. */
export function bounded(scale: number, photo: Size, stage: Size): number {
  const smallest = SMALLEST * fitted(photo, stage).scale;
  return Math.min(Math.max(scale, smallest), Math.max(MAX_SCALE, smallest));
}

/** A view from which the photo is not lost: the middle of the stage is on it. */
export function clamp(view: View, photo: Size, stage: Size): View {
  const scale = bounded(view.scale, photo, stage);
  const x = Math.min(Math.max(view.x, stage.width / 2 - photo.width * scale), stage.width / 2);
  const y = Math.min(Math.max(view.y, stage.height / 2 - photo.height * scale), stage.height / 2);
  return { scale, x, y };
}

/** By a factor, so that what is at a place of the stage stays there, unless a bound is met. */
export function zoomAt(view: View, place: Place, factor: number, photo: Size, stage: Size): View {
  return scaledTo(view, place, view.scale * factor, photo, stage);
}

/** To a scale, so that what is at a place of the stage stays there, unless a bound is met. */
export function scaledTo(view: View, place: Place, scale: number, photo: Size, stage: Size): View {
  const wanted = bounded(scale, photo, stage);
  const [x, y] = toPhoto(view, place);
  return clamp({ scale: wanted, x: place[0] - x * wanted, y: place[1] - y * wanted }, photo, stage);
}

export const pan = (view: View, dx: number, dy: number, photo: Size, stage: Size): View =>
  clamp({ ...view, x: view.x + dx, y: view.y + dy }, photo, stage);

/** Two fingers that were at `before` are at `after`: what is below each of them stays there. */
export function pinch(
  view: View,
  before: readonly [Place, Place],
  after: readonly [Place, Place],
  photo: Size,
  stage: Size,
): View {
  const from = middle(before);
  const to = middle(after);
  // Fingers that touch each other have no distance to be compared with.
  const factor = Math.max(distance(after), 1) / Math.max(distance(before), 1);
  const moved = { ...view, x: view.x + to[0] - from[0], y: view.y + to[1] - from[1] };
  return zoomAt(moved, to, factor, photo, stage);
}

/** The same part of the photo in the middle of a stage of another size. */
export function resized(view: View, photo: Size, before: Size, after: Size): View {
  const x = view.x + (after.width - before.width) / 2;
  const y = view.y + (after.height - before.height) / 2;
  return clamp({ ...view, x, y }, photo, after);
}

/** Between two views, 0..1, so that the way looks straight: what is in the middle of the stage moves evenly. */
export function between(from: View, to: View, share: number, stage: Size): View {
  const at: Place = [stage.width / 2, stage.height / 2];
  const [ax, ay] = toPhoto(from, at);
  const [bx, by] = toPhoto(to, at);
  const scale = from.scale * (to.scale / from.scale) ** share;
  // Of places on the photo the way is gone by what it looks like at either scale.
  const gone = from.scale === to.scale ? share : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
  return { scale, x: at[0] - (ax + (bx - ax) * gone) * scale, y: at[1] - (ay + (by - ay) * gone) * scale };
}

/** The least move that brings a place of the photo onto the stage, a margin away from its border. */
export function revealed(view: View, point: Place, margin: number, photo: Size, stage: Size): View {
  const [x, y] = toStage(view, point);
  const inside = (at: number, length: number) => {
    const edge = Math.min(margin, length / 2);
    return Math.min(Math.max(at, edge), length - edge) - at;
  };
  const dx = inside(x, stage.width);
  const dy = inside(y, stage.height);
  return dx === 0 && dy === 0 ? view : pan(view, dx, dy, photo, stage);
}

export const toPhoto = (view: View, [x, y]: Place): Place => [(x - view.x) / view.scale, (y - view.y) / view.scale];

export const toStage = (view: View, [x, y]: Place): Place => [x * view.scale + view.x, y * view.scale + view.y];

const centred = (photo: Size, stage: Size, scale: number): View => ({
  scale,
  x: (stage.width - photo.width * scale) / 2,
  y: (stage.height - photo.height * scale) / 2,
});

const middle = ([a, b]: readonly [Place, Place]): Place => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

const distance = ([a, b]: readonly [Place, Place]): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
