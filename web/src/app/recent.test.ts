import { expect, test } from "vitest";
import { recent } from "./recent";

test("what was asked for longest ago goes first", () => {
  const kept = recent<number>(2);
  kept.set("a", 1);
  kept.set("b", 2);
  kept.get("a");
  kept.set("c", 3);
  expect([kept.get("a"), kept.get("b"), kept.get("c")]).toEqual([1, undefined, 3]);
  kept.clear();
  expect(kept.get("a")).toBeUndefined();
});
