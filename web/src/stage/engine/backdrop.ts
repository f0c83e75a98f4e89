/** What stands behind the cut-out, drawn where the photo lies. */

import type { Look } from "../messages";
import { type Context, context, type Sprite } from "./canvas";

/** A background that is ready to be drawn. `scale`: photo pixels for each of the blurred picture's. */
export type Ready =
  | { readonly kind: "checkerboard" }
  | { readonly kind: "colour"; readonly colour: string }
  | { readonly kind: "image"; readonly image: Sprite }
  | { readonly kind: "blur"; readonly image: Sprite; readonly scale: number };

/** Where the photo lies on the canvas, in device pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Device pixels for each of the photo. */
  readonly scale: number;
}

/** Of a square of the checkerboard, in CSS pixels. */
const SQUARE = 8;

export function drawBackdrop(on: Context, behind: Ready, place: Place, look: Look, density: number): void {
  const { x, y, width, height } = place;
  if (behind.kind === "colour") {
    on.fillStyle = behind.colour;
    on.fillRect(x, y, width, height);
  } else if (behind.kind === "checkerboard") {
    drawSquares(on, place, look, Math.max(1, Math.round(SQUARE * density)));
  } else if (behind.kind === "image") {
    // The server sets a picture that is clear in parts on white.
    on.fillStyle = "#fff";
    on.fillRect(x, y, width, height);
    drawCover(on, behind.image, place);
  } else {
    const by = behind.scale * place.scale;
    on.imageSmoothingEnabled = true;
    on.drawImage(behind.image, x, y, behind.image.width * by, behind.image.height * by);
  }
}

function drawSquares(on: Context, { x, y, width, height }: Place, look: Look, side: number): void {
  const two = context(2 * side, 2 * side);
  two.fillStyle = look.checkA;
  two.fillRect(0, 0, 2 * side, 2 * side);
  two.fillStyle = look.checkB;
  two.fillRect(side, 0, side, side);
  two.fillRect(0, side, side, side);
  const pattern = on.createPattern(two.canvas, "repeat");
  if (!pattern) return;
  on.save();
  on.translate(x, y);
  on.fillStyle = pattern;
  on.fillRect(0, 0, width, height);
  on.restore();
}

/** As large as covers the place, its middle in the middle. */
function drawCover(on: Context, image: Sprite, { x, y, width, height }: Place): void {
  const scale = Math.max(width / image.width, height / image.height);
  const seenWidth = width / scale;
  const seenHeight = height / scale;
  const left = (image.width - seenWidth) / 2;
  const top = (image.height - seenHeight) / 2;
  on.imageSmoothingEnabled = true;
  on.drawImage(image, left, top, seenWidth, seenHeight, x, y, width, height);
}
