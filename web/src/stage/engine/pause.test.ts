import { expect, test } from "vitest";
import { inPieces } from "./pause";

/** So many pieces; `breaks`: the one that fails. */
function work(pieces: number, breaks = -1) {
  const seen: string[] = [];
  let left = pieces;
  const run = inPieces(
    () => {
      if (left === 0) return false;
      left -= 1;
      seen.push(`piece ${left}`);
      if (left === breaks) throw new Error("no memory");
      return true;
    },
    () => seen.push("done"),
  );
  return { seen, run };
}

test("all pieces are done in order, once, and then it is told", async () => {
  const { seen, run } = work(3);
  await Promise.all([run(), run()]);
  expect(seen).toEqual(["piece 2", "piece 1", "piece 0", "done"]);
});

test("a piece that fails is told, and what comes after it is done all the same", async () => {
  const { seen, run } = work(3, 1);
  await expect(run()).rejects.toThrow("no memory");
  expect(seen).toEqual(["piece 2", "piece 1"]);
  await run();
  expect(seen).toEqual(["piece 2", "piece 1", "piece 0", "done"]);
});
