import { expect, it } from "vitest";
import { stepOf } from "./steps";

it.each([
  ["ArrowRight", 4, 5],
  ["ArrowLeft", 4, 3],
  ["ArrowDown", 4, 7],
  ["ArrowUp", 4, 1],
  ["Home", 4, 0],
  ["End", 4, 9],
  ["ArrowUp", 1, 1],
  ["ArrowDown", 8, 8],
  ["ArrowRight", 9, 9],
  ["a", 4, null],
])("%s leads from %i to %s in a grid of ten with three columns", (key, from, to) => {
  expect(stepOf(key, from, 10, 3, false)).toBe(to);
});

it("goes the other way where text does", () => {
  expect([stepOf("ArrowLeft", 4, 10, 3, true), stepOf("ArrowRight", 4, 10, 3, true)]).toEqual([5, 3]);
});
