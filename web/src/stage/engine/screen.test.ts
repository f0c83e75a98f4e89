import { expect, it } from "vitest";
import { levels } from "./grid";
import { levelFor, onScreen } from "./screen";

const grids = levels(8700, 5800);

it("draws a photo from a level that is hardly enlarged and not much too fine", () => {
  for (const scale of [1, 0.8, 0.6, 0.5, 0.3, 0.132, 0.05]) {
    const pixel = scale * 2 ** levelFor(scale, { grids, finest: 0 });
    expect(pixel, `at ${scale}`).toBeLessThanOrEqual(1.25);
    expect(pixel, `at ${scale}`).toBeGreaterThan(0.6);
  }
  expect(levelFor(17, { grids, finest: 0 })).toBe(0);
  expect(levelFor(1e-6, { grids, finest: 0 })).toBe(grids.length - 1);
});

it("makes do with a coarser one until the others are there", () => {
  expect(levelFor(1, { grids, finest: 3 })).toBe(3);
  expect(levelFor(0.02, { grids, finest: 3 })).toBe(5);
});

it("draws anew all that a change is blended into", () => {
  const place = { x: 10, y: 20, width: 500, height: 400, scale: 3 };
  const { left, top, right, bottom } = onScreen({ left: 5, top: 6, right: 7, bottom: 8 }, place);
  expect(left).toBeLessThanOrEqual(10 + 4 * 3);
  expect(top).toBeLessThanOrEqual(20 + 5 * 3);
  expect(right).toBeGreaterThanOrEqual(10 + 8 * 3);
  expect(bottom).toBeGreaterThanOrEqual(20 + 9 * 3);
});
