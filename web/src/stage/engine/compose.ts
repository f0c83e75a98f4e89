/** The pixels of a tile as they are drawn, and colours of the next level. RGBA with straight alpha, TILE in a row. */

import { TILE } from "./grid";
import type { Tile } from "./tile";

/** Colours of a tile; null where all of it is clear. */
export type Colours = Uint8ClampedArray<ArrayBuffer> | null;

export type Rgb = readonly [red: number, green: number, blue: number];

/** `plain`: as it is; `cut`: with the matte as its alpha; `over`: what is removed fades into a colour, by so much (0..1). */
export type Manner =
  | { readonly kind: "plain" }
  | { readonly kind: "cut" }
  | { readonly kind: "over"; readonly colour: Rgb; readonly share: number };

/** Writes what is to be drawn to `to`; false where nothing is to be seen. */
export function compose(to: Uint8ClampedArray, colours: Colours, matte: Tile, manner: Manner): boolean {
  if (!colours) return false;
  if (manner.kind === "plain" || (matte === 255 && manner.kind === "cut")) {
    to.set(colours);
    return true;
  }
  if (manner.kind === "cut") return cut(to, colours, matte);
  over(to, colours, matte, manner.colour, manner.share);
  return true;
}

function cut(to: Uint8ClampedArray, colours: Uint8ClampedArray, matte: Tile): boolean {
  if (matte === 0) return false;
  to.set(colours);
  for (let at = 3, pixel = 0; pixel < TILE * TILE; pixel++, at += 4) {
    const alpha = typeof matte === "number" ? matte : (matte[pixel] as number);
    // The photo's own alpha is nearly always full.
    to[at] = to[at] === 255 ? alpha : ((to[at] as number) * alpha) / 255;
  }
  return true;
}

function over(to: Uint8ClampedArray, colours: Uint8ClampedArray, matte: Tile, colour: Rgb, share: number): void {
  const [red, green, blue] = colour;
  // In 1/256, for each alpha: whole numbers take half the time.
  const weights = Int32Array.from({ length: 256 }, (_, alpha) => Math.round(((255 - alpha) / 255) * share * 256));
  const constant = typeof matte === "number" ? (weights[matte] as number) : -1;
  const values = typeof matte === "number" ? null : matte;
  for (let at = 0, pixel = 0; pixel < TILE * TILE; pixel++, at += 4) {
    const weight = values ? (weights[values[pixel] as number] as number) : constant;
    const r = colours[at] as number;
    const g = colours[at + 1] as number;
    const b = colours[at + 2] as number;
    to[at] = r + (((red - r) * weight + 128) >> 8);
    to[at + 1] = g + (((green - g) * weight + 128) >> 8);
    to[at + 2] = b + (((blue - b) * weight + 128) >> 8);
    to[at + 3] = colours[at + 3] as number;
  }
}

/** A tile of the next level from the four that it lies over. */
export function halvedColours(from: readonly Colours[]): Colours {
  if (from.every((colours) => colours === null)) return null;
  const to = new Uint8ClampedArray(TILE * TILE * 4);
  from.forEach((colours, index) => {
    if (colours) halve(to, colours, (index >> 1) * (TILE / 2) * TILE + (index & 1) * (TILE / 2));
  });
  return to;
}

function halve(to: Uint8ClampedArray, from: Uint8ClampedArray, corner: number): void {
  const row = TILE * 4;
  for (let y = 0; y < TILE / 2; y++) {
    let at = (corner + y * TILE) * 4;
    let a = y * 2 * row;
    for (let x = 0; x < TILE / 2; x++, at += 4, a += 8) {
      const b = a + 4;
      const c = a + row;
      const d = c + 4;
      const wa = from[a + 3] as number;
      const wb = from[b + 3] as number;
      const wc = from[c + 3] as number;
      const wd = from[d + 3] as number;
      const sum = wa + wb + wc + wd;
      if (sum === 0) continue;
      // Colours count by how much is to be seen of them, which is all but for cut-outs.
      if (sum === 1020) {
        for (let i = 0; i < 3; i++) {
          const upper = (from[a + i] as number) + (from[b + i] as number);
          to[at + i] = (upper + (from[c + i] as number) + (from[d + i] as number) + 2) >> 2;
        }
        to[at + 3] = 255;
        continue;
      }
      for (let i = 0; i < 3; i++) {
        const upper = (from[a + i] as number) * wa + (from[b + i] as number) * wb;
        to[at + i] = (upper + (from[c + i] as number) * wc + (from[d + i] as number) * wd) / sum;
      }
      to[at + 3] = sum / 4;
    }
  }
}

/** Whether nothing is to be seen. */
export function isClear(colours: Uint8ClampedArray): boolean {
  for (let at = 3; at < colours.length; at += 4) if (colours[at] !== 0) return false;
  return true;
}
