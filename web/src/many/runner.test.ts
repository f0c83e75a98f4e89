import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Problem } from "../api/http";
import { Locks } from "../keep/samples";
import type { Api } from "./jobs";
import { begin } from "./pretended";
import { item, photos, states, told } from "./samples";

type Begun = ReturnType<typeof begin>;

const settle = () => vi.advanceTimersByTimeAsync(0);

const refuse = (code: string, status: number, retryAfter: number | null = null) =>
  new Problem(code, code, "hint", status, retryAfter);

/** Refuses so often, then answers. */
function failing(...problems: readonly Problem[]): Pick<Api, "send"> & { readonly keys: string[] } {
  const left = [...problems];
  const keys: string[] = [];
  return {
    keys,
    async send(job) {
      keys.push(job.key);
      const problem = left.shift();
      if (problem) throw problem;
      return "id1";
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigator", { locks: new Locks().of({}) });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("sends, hears of each picture, and looks once more at the end", async () => {
  const { state, ears, pictures, calls } = begin(photos({ a: 1, b: 1 }));
  expect(states(state.batch)).toEqual({ a: "uploading", b: "uploading" });
  await settle();
  expect(states(state.batch)).toEqual({ a: "queued", b: "queued" });
  ears.get("id1")?.onPictures([told(1, "done")]);
  expect(states(state.batch)).toEqual({ a: "done", b: "queued" });
  pictures.set("id1", [told(1, "done"), told(2, "failed")]);
  ears.get("id1")?.onEnd();
  await settle();
  expect(states(state.batch)).toEqual({ a: "done", b: "failed" });
  expect([calls, ears.size, state.batch.jobs[0]?.ended]).toEqual([["send ab"], 0, true]);
});

it("asks which picture is being made when something has changed", async () => {
  const { state, ears, pictures } = begin(photos({ a: 1, b: 1 }));
  await settle();
  pictures.set("id1", [told(1, "running"), told(2, "waiting")]);
  ears.get("id1")?.onChange();
  await vi.advanceTimersByTimeAsync(1000);
  expect(states(state.batch)).toEqual({ a: "working", b: "queued" });
});

it("asks now and then where events do not come, until the job has ended", async () => {
  let ended = false;
  const { state, ears, pictures } = begin(photos({ a: 1 }), { hasEnded: async () => ended });
  await settle();
  ears.get("id1")?.onLost();
  pictures.set("id1", [told(1, "running")]);
  await vi.advanceTimersByTimeAsync(2500);
  expect(states(state.batch)).toEqual({ a: "working" });
  pictures.set("id1", [told(1, "done")]);
  ended = true;
  await vi.advanceTimersByTimeAsync(2500);
  expect(states(state.batch)).toEqual({ a: "done" });
});

it("says that the server does not answer, for as long as it does not", async () => {
  let down = true;
  const { state, ears, runner } = begin(photos({ a: 1 }), {
    async hasEnded() {
      if (down) throw refuse("offline", 0);
      return false;
    },
  });
  await settle();
  ears.get("id1")?.onLost();
  await settle();
  expect(state.trouble).toMatchObject({ problem: { code: "offline" }, signIn: false });
  await vi.advanceTimersByTimeAsync(10_000);
  down = false;
  runner.retry();
  await settle();
  expect(state.trouble).toBeNull();
});

it("sends again under the same key where no answer came, and says so meanwhile", async () => {
  const api = failing(refuse("offline", 0), refuse("server_full", 503, 7));
  const { state } = begin(photos({ a: 1 }), api);
  await settle();
  expect(state.trouble).toMatchObject({ problem: { code: "offline" }, until: Date.now() + 2000 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(state.trouble).toMatchObject({ problem: { code: "server_full" }, until: Date.now() + 7000 });
  await vi.advanceTimersByTimeAsync(7000);
  expect([state.trouble, states(state.batch).a, new Set(api.keys).size]).toEqual([null, "queued", 1]);
});

it.each(["nothing_kept", "key_needed"])("stops at %s until somebody says so", async (code) => {
  const api = failing(refuse(code, code === "key_needed" ? 401 : 409));
  const { state, runner } = begin(photos({ a: 1, b: 1 }), api);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.trouble).toMatchObject({ until: null, signIn: code === "key_needed" });
  expect(api.keys).toHaveLength(1);
  runner.retry();
  await settle();
  expect([state.trouble, states(state.batch)]).toEqual([null, { a: "queued", b: "queued" }]);
});

it("takes another key where its own is another job's", async () => {
  const api = failing(refuse("idempotency_conflict", 409));
  begin(photos({ a: 1 }), api);
  await settle();
  expect(new Set(api.keys).size).toBe(2);
});

it("sends less at once where it was too much, and gives up on a photo that is too much alone", async () => {
  const sizes: number[] = [];
  const { state } = begin(photos({ a: 1, b: 1, c: 1 }), {
    async send(job) {
      sizes.push(job.items.length);
      if (job.items.length > 1 || job.items[0] === "b") throw refuse("body_too_large", 413);
      return `id${sizes.length}`;
    },
  });
  await vi.advanceTimersByTimeAsync(100);
  expect(states(state.batch)).toEqual({ a: "queued", b: "failed", c: "queued" });
});

it("says of files that are not where they were that they cannot be read, and sends the others", async () => {
  const batch = photos({ a: 1, b: 1 });
  vi.spyOn(item(batch, "a").photo.file, "slice").mockImplementation(() => {
    throw new DOMException("gone", "NotReadableError");
  });
  const { state } = begin(batch, failing(refuse("offline", 0)));
  await settle();
  expect(item(state.batch, "a").state).toMatchObject({ kind: "failed", problem: { code: "unreadable" } });
  expect([states(state.batch).b, state.trouble]).toEqual(["queued", null]);
});

it("fails photos with what the server says of their settings", async () => {
  const { state } = begin(photos({ a: 1 }), failing(refuse("unknown_model", 400)));
  await settle();
  expect(item(state.batch, "a").state).toMatchObject({
    kind: "failed",
    problem: { code: "unknown_model", hint: "hint" },
  });
});

it("stops what is being sent when it is cancelled, and deletes what came through all the same", async () => {
  let signal: AbortSignal | undefined;
  let answer: (id: string) => void = () => undefined;
  const { state, dispatch, calls } = begin(photos({ a: 1 }), {
    send: (_job, _items, given) => {
      signal = given;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  });
  dispatch({ type: "cancel" });
  expect([signal?.aborted, states(state.batch).a]).toEqual([true, "cancelled"]);
  expect(calls).toEqual([expect.stringMatching("remove what was sent under .")]);
  answer("late");
  await settle();
  expect(calls.slice(1)).toEqual(["remove late"]);
});

it("aborts before it has what may have come through deleted", () => {
  const order: string[] = [];
  const { dispatch } = begin(photos({ a: 1 }), {
    send: (_job, _items, signal) => {
      signal.addEventListener("abort", () => order.push("abort"));
      return new Promise(() => undefined);
    },
    removeSent: async () => void order.push("remove"),
  });
  dispatch({ type: "forget" });
  expect(order).toEqual(["abort", "remove"]);
});

it.each(["forget", "cancel"] as const)(
  "deletes at %s what was sent and has no answer, also after a reload",
  async (type) => {
    const api = failing(refuse("offline", 0));
    const before = begin(photos({ a: 1 }), api);
    await settle();
    const after = begin(before.state.batch, { send: async () => Promise.reject(refuse("offline", 0)) });
    await settle();
    for (const { dispatch, calls } of [before, after]) {
      dispatch({ type });
      expect(calls).toEqual([`remove what was sent under ${api.keys[0]}`]);
    }
  },
);

it("deletes once the server is back what it could not be told of", async () => {
  const order: string[] = [];
  let away = true;
  const { dispatch, runner } = begin(photos({ a: 1 }), {
    remove: async (id) => {
      order.push(id);
      if (away) throw refuse("offline", 0);
    },
  });
  await settle();
  dispatch({ type: "forget" });
  await settle();
  away = false;
  for (let times = 0; times < 2; times++) {
    runner.retry();
    await settle();
  }
  expect(order).toEqual(["id1", "id1"]);
});

it("cancels a job on the server when nobody waits for its photos, and deletes it when nothing of it is shown", async () => {
  const { state, dispatch, calls } = begin(photos({ a: 1 }));
  await settle();
  dispatch({ type: "remove", id: "a" });
  await settle();
  expect(calls).toEqual(["send a", "cancel id1", "remove id1"]);
  expect(state.batch.jobs).toEqual([]);
});

it("goes on after a reload: sends what has no answer under its key, and hears of what has", async () => {
  const before = begin(photos({ a: 1, b: 1 }), { send: () => new Promise(() => undefined) });
  const kept = before.state.batch;
  const after = begin(kept);
  await settle();
  expect(after.keys).toEqual([kept.jobs[0]?.key]);
  const again = begin(after.state.batch);
  await settle();
  expect([again.keys, [...again.ears.keys()]]).toEqual([[], ["id1"]]);
});

it("makes again what a server that has forgotten the job had not done", async () => {
  const { state, ears, pictures, calls } = begin(photos({ a: 1, b: 1 }), {
    async hasEnded() {
      throw refuse("not_found", 404);
    },
  });
  await settle();
  ears.get("id1")?.onPictures([told(1, "done")]);
  pictures.clear();
  ears.get("id1")?.onLost();
  await settle();
  expect(calls.filter((call) => call.startsWith("send"))).toEqual(["send ab", "send b"]);
  expect(states(state.batch).a).toBe("done");
});

/** Sends as the server would get it: which photos under which key. */
function getting(refusals: number) {
  const got: { readonly key: string; readonly names: string }[] = [];
  let left = refusals;
  const send: Api["send"] = async ({ key }, items) => {
    got.push({ key, names: items.map(({ photo }) => photo.name[0]).join("") });
    left -= 1;
    if (left >= 0) throw refuse("offline", 0);
    return "id1";
  };
  return { got, send };
}

it("sends what is left of a job under another key, where one of its photos was removed before it came through", async () => {
  const { got, send } = getting(1);
  const { state, dispatch, ears } = begin(photos({ a: 1, b: 1, c: 1 }), { send });
  await settle();
  dispatch({ type: "remove", id: "a" });
  await vi.advanceTimersByTimeAsync(2000);
  expect(got.map(({ names }) => names)).toEqual(["abc", "bc"]);
  expect(got[0]?.key).not.toBe(got[1]?.key);
  ears.get("id1")?.onPictures([told(1, "done")]);
  expect(states(state.batch)).toEqual({ b: "done", c: "queued" });
  expect([item(state.batch, "b").result?.number, state.batch.jobs.length]).toEqual([1, 1]);
});

it("sends the same again under the same key, where one of its photos is to be made otherwise meanwhile", async () => {
  const { got, send } = getting(1);
  const { dispatch } = begin(photos({ a: 1, b: 1 }), { send });
  await settle();
  dispatch({ type: "again", ids: ["a"] });
  await vi.advanceTimersByTimeAsync(2000);
  expect(got.slice(0, 2).map(({ names }) => names)).toEqual(["ab", "ab"]);
  expect(got[0]?.key).toBe(got[1]?.key);
});

it("goes on after a reload that has cost a photo, with the others under their own numbers", async () => {
  const before = begin(photos({ a: 1, b: 1 }), { send: () => new Promise(() => undefined) });
  const kept = before.state.batch;
  const { got, send } = getting(0);
  const after = begin({ ...kept, items: kept.items.slice(1) }, { send });
  await settle();
  expect(got).toEqual([{ key: expect.any(String), names: "b" }]);
  expect(got[0]?.key).not.toBe(kept.jobs[0]?.key);
  after.ears.get("id1")?.onPictures([told(1, "done")]);
  expect(states(after.state.batch)).toEqual({ b: "done" });
});

it("says when the server has answered about what was to be deleted", async () => {
  let answer: () => void = () => undefined;
  const remove = () =>
    new Promise<void>((resolve) => {
      answer = resolve;
    });
  const { dispatch, runner } = begin(photos({ a: 1 }), { remove });
  await settle();
  dispatch({ type: "forget" });
  let isOver = false;
  void runner.removed().then(() => {
    isOver = true;
  });
  await settle();
  expect(isOver).toBe(false);
  answer();
  await settle();
  expect(isOver).toBe(true);
});

it("listens to two jobs of all tabs together, and asks for the others", async () => {
  const tabs = ["a", "b", "c"].map((id) => begin(photos({ [id]: 1 })));
  await settle();
  expect(tabs.map(({ ears }) => ears.size)).toEqual([1, 1, 0]);
  const [first, , third] = tabs as [Begun, Begun, Begun];
  third.pictures.set("id1", [told(1, "running")]);
  await vi.advanceTimersByTimeAsync(2500);
  expect(states(third.state.batch)).toEqual({ c: "working" });
  // One that has ended, or that nobody waits for any more, makes room.
  first.pictures.set("id1", [told(1, "done")]);
  first.ears.get("id1")?.onEnd();
  await settle();
  const fourth = begin(photos({ d: 1 }));
  await settle();
  expect(fourth.ears.size).toBe(1);
  fourth.dispatch({ type: "remove", id: "d" });
  await settle();
  const fifth = begin(photos({ e: 1 }));
  await settle();
  expect(fifth.ears.size).toBe(1);
});

it("makes room where a job is not waited for any more before it was listened to", async () => {
  const { state, dispatch, ears } = begin(photos({ a: 1 }));
  while (states(state.batch).a !== "queued") await null;
  dispatch({ type: "remove", id: "a" });
  await settle();
  const others = ["b", "c"].map((id) => begin(photos({ [id]: 1 })));
  await settle();
  expect([ears, ...others.map((each) => each.ears)].map(({ size }) => size)).toEqual([0, 1, 1]);
});

it("only asks where tabs cannot know of each other", async () => {
  vi.stubGlobal("navigator", {});
  const { state, ears, pictures } = begin(photos({ a: 1 }));
  await settle();
  pictures.set("id1", [told(1, "running")]);
  await vi.advanceTimersByTimeAsync(2500);
  expect([ears.size, states(state.batch)]).toEqual([0, { a: "working" }]);
});
