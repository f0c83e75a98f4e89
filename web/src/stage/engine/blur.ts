/** A Gaussian blur of a background, its subject left out, as the server does it. */

/** A small picture: RGBA, and how much of each pixel is subject, 0..255. */
export interface Small {
  readonly width: number;
  readonly height: number;
  readonly colours: Uint8ClampedArray;
  readonly subject: Uint8Array | null;
}

// Where the background is hidden too far around, its mean colour fills in at this weight.
const HIDDEN = 1e-3;

/** RGBA, opaque. `sigma` is in pixels of this picture. */
export function blurred(of: Small, sigma: number): Uint8ClampedArray<ArrayBuffer> {
  const { width, height } = of;
  const count = width * height;
  const planes = weighted(of);
  const kernel = gaussian(sigma);
  const spare = new Float32Array(count);
  for (const plane of planes) {
    along(plane, spare, kernel, width, height, 1, width);
    along(spare, plane, kernel, height, width, width, 1);
  }
  const [red, green, blue, total] = planes as [Float32Array, Float32Array, Float32Array, Float32Array];
  const to = new Uint8ClampedArray(count * 4);
  for (let pixel = 0, at = 0; pixel < count; pixel++, at += 4) {
    const by = 1 / (total[pixel] as number);
    to[at] = (red[pixel] as number) * by;
    to[at + 1] = (green[pixel] as number) * by;
    to[at + 2] = (blue[pixel] as number) * by;
    to[at + 3] = 255;
  }
  return to;
}

/** Red, green and blue by their weights, and the weights. */
function weighted({ colours, subject, width, height }: Small): Float32Array[] {
  const count = width * height;
  const planes = [0, 1, 2, 3].map(() => new Float32Array(count));
  const sums = [0, 0, 0, 0];
  for (let pixel = 0; pixel < count; pixel++) {
    const weight = subject ? 1 - (subject[pixel] as number) / 255 : 1;
    planes.forEach((plane, i) => {
      plane[pixel] = weight * (i < 3 ? (colours[pixel * 4 + i] as number) : 1);
      sums[i] = (sums[i] as number) + (plane[pixel] as number);
    });
  }
  const all = sums[3] as number;
  planes.forEach((plane, i) => {
    for (let pixel = 0; pixel < count; pixel++) {
      // With no background at all, the subject's own colours have to do.
      const far = i === 3 ? 1 : all > 0 ? (sums[i] as number) / all : (colours[pixel * 4 + i] as number);
      plane[pixel] = (plane[pixel] as number) + HIDDEN * far;
    }
  });
  return planes;
}

/** One half of it, the middle first; it sums up to 1 with the other half. */
function gaussian(sigma: number): Float32Array {
  const reach = Math.max(1, Math.ceil(4 * sigma));
  const kernel = new Float32Array(reach + 1).map((_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = kernel.reduce((a, b) => a + 2 * b, -(kernel[0] as number));
  return kernel.map((value) => value / sum);
}

/** Each line of `length` pixels that are `step` apart; there are `lines` of them, `next` apart. Mirrored at its ends. */
function along(
  from: Float32Array,
  to: Float32Array,
  kernel: Float32Array,
  length: number,
  lines: number,
  step: number,
  next: number,
): void {
  const mirrored = (at: number) => {
    const period = Math.max(1, 2 * (length - 1));
    const within = ((at % period) + period) % period;
    return within < length ? within : period - within;
  };
  for (let line = 0; line < lines; line++) {
    const start = line * next;
    for (let i = 0; i < length; i++) {
      let sum = (kernel[0] as number) * (from[start + i * step] as number);
      for (let k = 1; k < kernel.length; k++) {
        const before = i - k >= 0 ? i - k : mirrored(i - k);
        const after = i + k < length ? i + k : mirrored(i + k);
        sum +=
          (kernel[k] as number) * ((from[start + before * step] as number) + (from[start + after * step] as number));
      }
      to[start + i * step] = sum;
    }
  }
}
