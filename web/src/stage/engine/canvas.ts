/** Canvases that are never shown, by what the browser has. */

export type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** What can be drawn on a canvas. */
export type Sprite = ImageBitmap | OffscreenCanvas | HTMLCanvasElement;

/** `read`: its pixels are read often, so they had better not lie on a graphics card. */
export function context(width: number, height: number, read = false): Context {
  const canvas = typeof OffscreenCanvas === "undefined" ? element(width, height) : new OffscreenCanvas(width, height);
  const found = canvas.getContext("2d", { willReadFrequently: read }) as Context | null;
  if (!found) throw new Error("the browser has no room for another canvas");
  return found;
}

function element(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** Something to be drawn, of these pixels: RGBA, `width` in a row. */
export function sprite(pixels: ImageData): Sprite {
  const on = context(pixels.width, pixels.height);
  on.putImageData(pixels, 0, 0);
  return on.canvas;
}

export function release(of: Sprite): void {
  if (typeof ImageBitmap !== "undefined" && of instanceof ImageBitmap) of.close();
}
