import { expect, test } from "vitest";
import { down, HIDDEN, up } from "./original";

test("held, it is shown until it is let go", () => {
  const held = down(HIDDEN, 1000);
  expect(held.shown).toBe(true);
  expect(up(held, 1400)).toEqual(HIDDEN);
});

test("a short press shows it until the next one, which hides it at once", () => {
  const shown = up(down(HIDDEN, 1000), 1100);
  expect(shown.shown).toBe(true);
  const pressed = down(shown, 5000);
  expect(pressed.shown).toBe(false);
  expect(up(pressed, 5050)).toEqual(HIDDEN);
  expect(up(pressed, 9000)).toEqual(HIDDEN);
});

test("a key that repeats while it is held is one press", () => {
  const held = down(down(down(HIDDEN, 1000), 1030), 1290);
  expect(up(held, 1310)).toEqual(HIDDEN);
  const shown = up(down(HIDDEN, 0), 100);
  expect(down(down(shown, 1000), 1030).shown).toBe(false);
});

test("a release without a press changes nothing", () => {
  const shown = up(down(HIDDEN, 0), 100);
  expect(up(shown, 2000)).toEqual(shown);
  expect(up(HIDDEN, 0)).toEqual(HIDDEN);
});
