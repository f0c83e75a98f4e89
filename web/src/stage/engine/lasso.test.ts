import { expect, it } from "vitest";
import type { Point } from "../../edits";
import { TILE } from "./grid";
import { lassoCover, sides } from "./lasso";

const STAR: readonly Point[] = [
  [3, 2],
  [17.5, 5.25],
  [8, 16],
  [14, 1.5],
  [4.25, 12],
];

// What the server's own code gives for the same lasso (cleancut.matting.lasso), times 255.
const EXPECTED: Readonly<Record<number, readonly number[]>> = {
  3: [0, 0, 0, 165.75, 204, 204, 204, 197.38, 156.51, 110.82, 65.12, 28.71, 163.21, 35.46, 0, 0, 0, 0, 0, 0],
  5: [0, 0, 0, 114.75, 204, 204, 204, 204, 204, 200.49, 61.78, 0, 133.65, 204, 204, 204, 192.35, 34.44, 0, 0],
  8: [0, 0, 0, 38.25, 204, 204, 204, 102, 0, 0, 2.66, 180.24, 204, 204, 127.55, 0.52, 0, 0, 0, 0],
  12: [0, 0, 0, 0, 0, 0, 0, 0, 0, 112.56, 189.98, 32.97, 0, 0, 0, 0, 0, 0, 0, 0],
};

it("covers what the server covers, even-odd where it crosses itself", () => {
  const found = lassoCover(sides(STAR), 0, 0, 255 * 0.8);
  for (const [row, expected] of Object.entries(EXPECTED)) {
    expected.forEach((value, x) => {
      expect(Math.abs((found[Number(row) * TILE + x] as number) - value), `(${x}, ${row})`).toBeLessThanOrEqual(1.5);
    });
  }
});

it("fills tiles that its line passes by on both sides", () => {
  const large = sides([
    [-5000, -5000],
    [5000, -5000],
    [5000, 5000],
    [-5000, 5000],
  ]);
  expect(lassoCover(large, 256, 512, 255).every((value) => value === 255)).toBe(true);
});

it("covers nothing of tiles beside it", () => {
  expect(lassoCover(sides(STAR), 256, 0, 255).every((value) => value === 0)).toBe(true);
  expect(lassoCover(sides(STAR.map(([x, y]) => [x + 256, y] as const)), 0, 0, 255).every((value) => value === 0)).toBe(
    true,
  );
});
