import { describe, expect, it } from "vitest";
import { undo } from "../editor/history";
import { DEFAULTS } from "../settings/defaults";
import { isStale } from "./recipe";
import { drawnOn, happen, item, made, photos, STROKE, sent, states, told, WHITE } from "./samples";
import { count, empty } from "./state";

const THREE = photos({ a: 1, b: 1, c: 1 });

describe("a job", () => {
  it("takes its photos through all states, each by its number", () => {
    const queued = sent(THREE, "k", ["a", "b", "c"]);
    expect(states(queued)).toEqual({ a: "queued", b: "queued", c: "queued" });
    const pictures = [told(1, "done"), told(2, "running"), told(3, "failed")];
    const batch = happen(queued, { type: "told", key: "k", pictures });
    expect(states(batch)).toEqual({ a: "done", b: "working", c: "failed" });
    expect(item(batch, "a").result).toMatchObject({
      job: "id-k",
      number: 1,
      recipe: { settings: DEFAULTS, edits: [] },
    });
    expect(count(batch)).toEqual({ all: 3, done: 1, failed: 1, cancelled: 0, underWay: 1 });
  });

  it("says nothing of items that are not its own any more, and leaves those that stay the same objects", () => {
    const batch = happen(sent(THREE, "k", ["a", "b"]), { type: "remove", id: "a" });
    const next = happen(batch, { type: "told", key: "k", pictures: [told(1, "done"), told(2, "waiting")] });
    expect(states(next)).toEqual({ b: "queued", c: "waiting" });
    expect(item(next, "b")).toBe(item(batch, "b"));
    expect(happen(next, { type: "told", key: "other", pictures: [told(2, "done")] })).toBe(next);
  });

  it("is told twice without harm", () => {
    const once = happen(sent(THREE, "k", ["a"]), { type: "told", key: "k", pictures: [told(1, "done")] });
    const twice = happen(once, { type: "told", key: "k", pictures: [told(1, "done")] });
    expect(item(twice, "a")).toBe(item(once, "a"));
  });

  it("that is refused fails its photos with the reason", () => {
    const problem = { error: "unknown model", code: "unknown_model", hint: "choose one" };
    const batch = happen(sent(THREE, "k", ["a", "b"]), { type: "refused", key: "k", problem });
    expect(item(batch, "b").state).toEqual({ kind: "failed", problem });
    expect([states(batch).c, batch.jobs]).toEqual(["waiting", []]);
  });

  it("that is lost has what is not done wait again", () => {
    const half = happen(sent(THREE, "k", ["a", "b"]), { type: "told", key: "k", pictures: [told(1, "done")] });
    expect(states(happen(half, { type: "back", key: "k" }))).toEqual({ a: "done", b: "waiting", c: "waiting" });
  });

  it("that comes back fails those photos that have a problem", () => {
    const problem = { error: "gone", code: "unreadable", hint: "choose it again" };
    const batch = happen(sent(THREE, "k", ["a", "b"]), { type: "back", key: "k", problems: new Map([["b", problem]]) });
    expect(states(batch)).toEqual({ a: "waiting", b: "failed", c: "waiting" });
  });

  it("that has ended without a word of a photo has it made again", () => {
    const batch = happen(sent(THREE, "k", ["a", "b"]), { type: "told", key: "k", pictures: [told(1, "done")] });
    expect(states(happen(batch, { type: "ended", key: "k" }))).toMatchObject({ a: "done", b: "waiting" });
  });

  it("stays in the queue for as long as one of its results is shown", () => {
    const batch = made(sent(THREE, "k", ["a", "b"]), "k");
    const one = happen(batch, { type: "remove", id: "a" });
    expect(one.jobs).toHaveLength(1);
    expect(happen(one, { type: "remove", id: "b" }).jobs).toEqual([]);
  });
});

describe("cancel", () => {
  it("ends what has not ended, keeps what is done, and can be taken back", () => {
    const batch = happen(sent(THREE, "k", ["a", "b"]), { type: "told", key: "k", pictures: [told(1, "done")] });
    const stopped = happen(batch, { type: "cancel" });
    expect(states(stopped)).toEqual({ a: "done", b: "cancelled", c: "cancelled" });
    expect(stopped.jobs.every((job) => job.ended)).toBe(true);
    expect(states(happen(stopped, { type: "again", ids: ["b"] })).b).toBe("waiting");
  });

  it("leaves the picture of before where another was being made", () => {
    const batch = happen(made(sent(THREE, "k", ["a"]), "k"), { type: "again", ids: ["a"] }, { type: "cancel" });
    expect(states(batch).a).toBe("done");
    expect(item(batch, "a").result?.number).toBe(1);
  });

  it("drops a job that is still being sent", () => {
    const job = { key: "k", id: null, items: ["a"], recipe: { settings: DEFAULTS, edits: [] }, ended: false };
    expect(happen(THREE, { type: "send", job }, { type: "cancel" }).jobs).toEqual([]);
  });
});

describe("settings", () => {
  const done = made(sent(THREE, "k", ["a", "b", "c"]), "k");
  const stale = (batch: typeof done) => batch.items.filter((each) => isStale(each, batch)).map((each) => each.id);

  it("of all make stale what was made with others, but not what has its own", () => {
    const batch = happen(
      done,
      { type: "own", id: "b", settings: { ...DEFAULTS } },
      { type: "settings", settings: WHITE },
    );
    expect(stale(batch)).toEqual(["a", "c"]);
    expect(stale(happen(batch, { type: "settings", settings: { ...DEFAULTS } }))).toEqual([]);
  });

  it("that are chosen with photos are those of a queue that begins, and of no other", () => {
    const photo = { id: "d", name: "d.jpg", file: new Blob(["d"]) };
    const add = { type: "add", photos: [{ photo, problem: null }], settings: WHITE } as const;
    expect(happen(empty(DEFAULTS), add).settings).toBe(WHITE);
    expect(happen(done, add).settings).toBe(done.settings);
    expect(happen(empty(WHITE), { ...add, settings: undefined }).settings).toBe(WHITE);
  });

  it("of one concern it alone, and are put back", () => {
    const batch = happen(done, { type: "own", id: "b", settings: WHITE });
    expect(stale(batch)).toEqual(["b"]);
    expect(stale(happen(batch, { type: "own", id: "b", settings: null }))).toEqual([]);
  });

  it("are those that were sent, whatever is wanted meanwhile", () => {
    const batch = made(happen(sent(THREE, "k", ["a"]), { type: "settings", settings: WHITE }), "k");
    expect(item(batch, "a").result?.recipe.settings).toBe(DEFAULTS);
    expect(stale(batch)).toEqual(["a"]);
  });
});

describe("an edited photo", () => {
  const done = made(sent(THREE, "k", ["a", "b"]), "k");

  it("is made again, and shows its picture of before until then", () => {
    const batch = happen(done, { type: "edited", item: drawnOn(done, "a") });
    expect(states(batch)).toEqual({ a: "waiting", b: "done", c: "waiting" });
    expect(item(batch, "a").result).not.toBeNull();
    const again = made(sent(batch, "e", ["a"], [STROKE]), "e");
    expect(isStale(item(again, "a"), again)).toBe(false);
    expect(item(again, "a").result?.job).toBe("id-e");
  });

  it("is not made again where nothing has changed", () => {
    const back = drawnOn(done, "a");
    const batch = happen(done, { type: "edited", item: { ...back, history: undo(back.history) } });
    expect(states(batch).a).toBe("done");
  });

  it("is made as it is now, though its old job still tells of it", () => {
    const open = sent(THREE, "k", ["a", "b"]);
    const batch = happen(open, { type: "edited", item: drawnOn(open, "a") });
    const next = happen(batch, { type: "told", key: "k", pictures: [told(1, "done"), told(2, "done")] });
    expect(states(next)).toEqual({ a: "waiting", b: "done", c: "waiting" });
  });

  it("keeps what is drawn before it comes back, and is then made again all the same", () => {
    const drawn = happen(done, { type: "drawn", item: drawnOn(done, "a") });
    expect([states(drawn).a, item(drawn, "a").history.at]).toEqual(["done", 1]);
    const back = { ...drawnOn(done, "a"), history: item(drawn, "a").history };
    expect(states(happen(drawn, { type: "edited", item: back })).a).toBe("waiting");
  });

  it("takes settings of its own where these were changed, and only then", () => {
    const back = drawnOn(done, "a");
    expect(item(happen(done, { type: "edited", item: back }), "a").own).toBeNull();
    expect(item(happen(done, { type: "edited", item: { ...back, settings: WHITE } }), "a").own).toBe(WHITE);
  });
});

it("a result that the server keeps no more is said to be gone, unless another is being made", () => {
  const problem = { error: "gone", code: "not_found", hint: "make it again" };
  const done = made(sent(THREE, "k", ["a", "b"]), "k");
  const batch = happen(
    done,
    { type: "again", ids: ["b"] },
    ...(["a", "b"] as const).map((id) => ({ type: "gone", id, problem }) as const),
  );
  expect(states(batch)).toMatchObject({ a: "failed", b: "waiting" });
  expect(item(batch, "b").result).toBeNull();
});

it("a file that is no photo is in the queue and says why, and is not sent", () => {
  const problem = { error: "no picture", code: "not_an_image", hint: "choose a photo" };
  const photo = { id: "x", name: "x.pdf", file: new Blob(["x"]) };
  expect(item(happen(THREE, { type: "add", photos: [{ photo, problem }] }), "x").state).toEqual({
    kind: "failed",
    problem,
  });
});
