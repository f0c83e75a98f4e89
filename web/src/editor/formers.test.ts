import { expect, test } from "vitest";
import type { GrowEdit } from "../edits";
import { type Formers, formerOf, putAgain, takeBack } from "./formers";
import { add, applied, EMPTY, undo } from "./history";

const point = (reach: number): GrowEdit => ({ kind: "grow", action: "add", point: [1, 1], reach });
const [first, second, third] = [point(0.1), point(0.2), point(0.3)];
const nothing = () => false;

const formersOf = (...pairs: [GrowEdit, GrowEdit | null][]): Formers => new WeakMap(pairs);

test("where a point that was made anew fails, the one whose coverage is known is there again", () => {
  // The slider was moved twice; the second one was given up before its coverage came.
  const formers = formersOf([first, null], [second, first], [third, second]);
  expect(formerOf(third, formers, (edit) => edit === first)).toBe(first);
  expect(formerOf(third, formers, (edit) => edit === second)).toBe(second);
});

test("a point of which nothing was ever known is taken back, but one that was kept from before stays", () => {
  expect(formerOf(second, formersOf([first, null], [second, first]), nothing)).toBeNull();
  expect(formerOf(first, formersOf([first, null]), nothing)).toBeNull();
  expect(formerOf(second, formersOf([second, first]), nothing)).toBe(first);
});

test("taking back and trying again are in its place, whatever was drawn since", () => {
  const history = add(add(EMPTY, second), third);
  const back = takeBack(history, second, first);
  expect(applied(back)).toEqual([first, third]);
  expect(applied(putAgain(back, second, first))).toEqual([second, third]);
  expect(applied(undo(back))).toEqual([first]);
  const dropped = takeBack(history, second, null);
  expect(applied(dropped)).toEqual([third]);
  expect(applied(putAgain(dropped, second, null))).toEqual([third, second]);
});
