import { expect, it } from "vitest";
import type { Batch } from "./contract";
import { type Limits, nextJob } from "./plan";
import { drawnOn, happen, made, photos, STROKE, sent, WHITE } from "./samples";

const LIMITS: Limits = { photos: 3, bytes: 10, first: 2, jobs: 2, urgent: 3 };

const next = (batch: Batch, limits: Partial<Limits> = {}) => nextJob(batch, { ...LIMITS, ...limits }, "k");

it("puts photos that are made alike into one job, in their order", () => {
  expect(next(photos({ a: 1, b: 1, c: 1 }))).toMatchObject({
    key: "k",
    id: null,
    items: ["a", "b", "c"],
    ended: false,
  });
});

it("gives photos with other settings a job of their own", () => {
  const batch = happen(photos({ a: 1, b: 1, c: 1 }), { type: "own", id: "b", settings: WHITE });
  expect(next(batch)?.items).toEqual(["a", "c"]);
  const rest = sent(batch, "1", ["a", "c"]);
  expect(next(rest)).toMatchObject({ items: ["b"], recipe: { settings: WHITE } });
});

it("keeps to the bounds of one job, but sends a photo that is larger alone", () => {
  const busy = { first: 9 };
  expect(next(photos({ a: 1, b: 1, c: 1, d: 1 }), busy)?.items).toEqual(["a", "b", "c"]);
  expect(next(photos({ a: 6, b: 4, c: 1 }), busy)?.items).toEqual(["a", "b"]);
  expect(next(photos({ a: 6, b: 5, c: 1 }), busy)?.items).toEqual(["a"]);
  expect(next(photos({ a: 99, b: 1 }), busy)?.items).toEqual(["a"]);
});

it("begins with a few where there are many, so that the server does not wait for all to be sent", () => {
  const batch = photos({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 });
  expect(next(batch)?.items).toEqual(["a", "b"]);
  expect(next(sent(batch, "1", ["a", "b"]))?.items).toEqual(["c", "d", "e"]);
});

it("sends no more than is soon worked on", () => {
  const batch = sent(sent(photos({ a: 1, b: 1, c: 1 }), "1", ["a"]), "2", ["b"]);
  expect(next(batch)).toBeNull();
  expect(next(made(batch, "1"))?.items).toEqual(["c"]);
});

it("sends what was drawn on by itself and first, though others are on their way", () => {
  const batch = sent(sent(photos({ a: 1, b: 1, c: 1, d: 1 }), "1", ["a"]), "2", ["b"]);
  const drawn = happen(batch, { type: "edited", item: drawnOn(batch, "d") });
  expect(next(drawn)).toMatchObject({ items: ["d"], recipe: { edits: [STROKE] } });
  expect(next(drawn, { urgent: 2 })).toBeNull();
  const ended = made(drawn, "1");
  expect(next(ended, { urgent: 0 })?.items).not.toContain("d");
});

it("has nothing to send where nothing waits", () => {
  expect(next(photos({}))).toBeNull();
  expect(next(happen(photos({ a: 1 }), { type: "cancel" }))).toBeNull();
});
