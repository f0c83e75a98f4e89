import { expect, test } from "vitest";
import { remaking } from "./remaking";

test("a matte that is gone is made again once, however many requests find it gone", () => {
  const remake = remaking();
  expect([remake("a", 0), remake("a", 5), remake("a", 9000)]).toEqual(["again", "under way", "under way"]);
});

test("one that is gone again soon after is told, and not made for ever", () => {
  const remake = remaking();
  expect([remake("a", 0), remake("b", 5000), remake("c", 9999)]).toEqual(["again", "too soon", "too soon"]);
  expect(remake("d", 10_000)).toBe("again");
});
