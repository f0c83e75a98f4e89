import { describe, expect, it } from "vitest";
import { blurred } from "./blur";

const WIDTH = 24;
const HEIGHT = 16;

const colours = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
const subject = new Uint8Array(WIDTH * HEIGHT);
for (let y = 0; y < HEIGHT; y++) {
  for (let x = 0; x < WIDTH; x++) {
    const at = y * WIDTH + x;
    colours.set([(x * 37 + y * 11) % 256, (x * x + 5 * y) % 256, (y * y * 3 + x * 9) % 256, 255], at * 4);
    const away = (x - 12) ** 2 + (y - 8) ** 2;
    subject[at] = away < 25 ? 255 : away < 49 ? 128 : 0;
  }
}

/** At (0, 0), (5, 3), (12, 8), (17, 8) and (23, 15). */
function found(of: Uint8Array | null, sigma: number): number[][] {
  const pixels = blurred({ width: WIDTH, height: HEIGHT, colours, subject: of }, sigma);
  return [0, 3 * WIDTH + 5, 8 * WIDTH + 12, 8 * WIDTH + 17, 15 * WIDTH + 23].map((at) => [
    ...pixels.subarray(at * 4, at * 4 + 3),
  ]);
}

function near(values: readonly number[][], expected: readonly (readonly number[])[]): void {
  values.flat().forEach((value, i) => {
    expect(Math.abs(value - (expected.flat()[i] as number)), `at ${i}`).toBeLessThanOrEqual(1);
  });
}

// What the server's own code gives (cleancut.matting.fill).
describe("a blurred background is the server's", () => {
  it("without the subject's colours", () => {
    near(found(subject, 1.5), [
      [55, 8, 17],
      [164, 41, 76],
      [132, 110, 131],
      [142, 114, 109],
      [193, 100, 88],
    ]);
    near(found(subject, 4), [
      [117, 29, 65],
      [126, 46, 85],
      [123, 110, 129],
      [120, 129, 135],
      [133, 133, 120],
    ]);
  });

  it("or with them, where there is nothing else", () => {
    const all = new Uint8Array(WIDTH * HEIGHT).fill(255);
    const [corner, , middle] = found(all, 2) as [number[], number[], number[]];
    near(
      [corner, middle],
      [
        [75, 12, 26],
        [123, 164, 131],
      ],
    );
  });
});
