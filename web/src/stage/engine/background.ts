/** From what is wanted behind the cut-out to something that can be drawn. */

import type { SentBehind } from "../messages";
import type { Ready } from "./backdrop";
import { blurred, type Small } from "./blur";
import { release, type Sprite, sprite } from "./canvas";
import { type Grid, TILE, tileRect } from "./grid";
import type { Mattes } from "./mattes";
import { type Picture, readBackground } from "./pictures";

// In pixels of the level that is blurred: at fewer, its own pixels would be seen.
const LEAST_SIGMA = 3;

// What is blurred in less than half a second or so.
const MOST_PIXELS = 1_500_000;

/** What is drawn while a background is not ready, or where it cannot be read. */
export const PLAIN: Ready = { kind: "checkerboard" };

/** Whether two wishes look the same. */
export function isSameBehind(a: SentBehind, b: SentBehind): boolean {
  if (a.kind === "colour" && b.kind === "colour") return a.colour === b.colour;
  if (a.kind === "image" && b.kind === "image") return a.file.id === b.file.id;
  if (a.kind === "blur" && b.kind === "blur") return a.radius === b.radius;
  return a.kind === b.kind;
}

/** Rejects where a file cannot be read. */
export async function readied(behind: SentBehind, picture: Picture | null, mattes: Mattes | null): Promise<Ready> {
  if (behind.kind === "image") return { kind: "image", image: await readBackground(behind.file.blob) };
  if (behind.kind === "blur") return picture ? blurredPhoto(picture, mattes, behind.radius) : PLAIN;
  return behind;
}

/** Lets go of what it held. */
export function dropped(ready: Ready): void {
  if (ready.kind === "image" || ready.kind === "blur") release(ready.image);
}

function blurredPhoto(picture: Picture, mattes: Mattes | null, radius: number): Ready {
  const level = levelToBlur(picture, radius);
  const scale = 2 ** level;
  const small = assembled(picture, mattes, level);
  const pixels = blurred(small, Math.max(radius / scale, 0.1));
  const image: Sprite = sprite(new ImageData(pixels, small.width, small.height));
  return { kind: "blur", image, scale };
}

function levelToBlur({ grids, finest }: Picture, radius: number): number {
  const small = grids.findIndex(({ width, height }) => width * height <= MOST_PIXELS);
  const smooth = Math.floor(Math.log2(Math.max(radius / LEAST_SIGMA, 1)));
  return Math.min(Math.max(small, smooth, finest), grids.length - 1);
}

/** A level as one picture. */
function assembled(picture: Picture, mattes: Mattes | null, level: number): Small {
  const of = picture.grids[level] as Grid;
  const colours = new Uint8ClampedArray(of.width * of.height * 4);
  const subject = mattes ? new Uint8Array(of.width * of.height) : null;
  for (let tile = 0; tile < of.columns * of.rows; tile++) {
    const { left, top, right, bottom } = tileRect(of, tile);
    const pixels = picture.tiles[level]?.[tile];
    const alpha = mattes?.get(level, tile);
    for (let y = top; y < bottom; y++) {
      const from = (y - top) * TILE;
      const to = y * of.width + left;
      if (pixels) colours.set(pixels.subarray(from * 4, (from + right - left) * 4), to * 4);
      if (typeof alpha === "number") subject?.fill(alpha, to, to + right - left);
      else if (alpha) subject?.set(alpha.subarray(from, from + right - left), to);
    }
  }
  return { width: of.width, height: of.height, colours, subject };
}
