import { expect, test } from "vitest";
import { after } from "./steps";

test("keys move within the bounds, and others do nothing", () => {
  expect(after(0.5, "ArrowRight", false)).toBeCloseTo(0.52);
  expect(after(0.5, "ArrowLeft", true)).toBeCloseTo(0.4);
  expect(after(0.01, "PageDown", false)).toBe(0);
  expect(after(0.99, "ArrowUp", false)).toBe(1);
  expect([after(0.5, "Home", false), after(0.5, "End", false), after(0.5, "a", false)]).toEqual([0, 1, null]);
});
