/** Tiles that have been made ready to be drawn, as many as a screen needs. */

import { type Context, context, release, type Sprite, sprite } from "./canvas";
import { TILE } from "./grid";

// Of 256 kB each: what a screen of 4K shows, at the level that is finest for it.
const MOST = 512;

export class Sprites {
  // In the order of their last use.
  private readonly known = new Map<string, Sprite | null>();
  private readonly pixels = new ImageData(TILE, TILE);
  private readonly paper = context(TILE, TILE);
  private readonly spare = typeof OffscreenCanvas === "undefined" ? null : context(TILE, TILE);

  /** The tile of this name; `make` writes its pixels if it is not known, or says false if there is nothing to be seen. */
  get(name: string, make: (to: Uint8ClampedArray) => boolean): Sprite | null {
    const known = this.known.get(name);
    if (known !== undefined) this.known.delete(name);
    const found = known === undefined ? this.made(make) : known;
    this.known.set(name, found);
    return found;
  }

  forget(name: string): void {
    const known = this.known.get(name);
    if (known) release(known);
    this.known.delete(name);
  }

  /** All whose names begin so. */
  forgetAll(prefix: string): void {
    for (const name of [...this.known.keys()]) if (name.startsWith(prefix)) this.forget(name);
  }

  /** Lets go of those that have not been used for long. Never while a frame is drawn: it may need more of them. */
  trim(): void {
    for (const name of this.known.keys()) {
      if (this.known.size <= MOST) return;
      this.forget(name);
    }
  }

  /** An empty canvas of at least this size, for as long as a frame is drawn. */
  sheet(width: number, height: number): Context {
    const { canvas } = this.paper;
    if (canvas.width < width || canvas.height < height) {
      canvas.width = Math.max(canvas.width, width);
      canvas.height = Math.max(canvas.height, height);
    } else this.paper.clearRect(0, 0, width, height);
    return this.paper;
  }

  private made(make: (to: Uint8ClampedArray) => boolean): Sprite | null {
    if (!make(this.pixels.data)) return null;
    if (!this.spare) return sprite(this.pixels);
    this.spare.putImageData(this.pixels, 0, 0);
    return (this.spare.canvas as OffscreenCanvas).transferToImageBitmap();
  }
}
