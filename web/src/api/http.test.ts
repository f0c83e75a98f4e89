import { afterEach, expect, test, vi } from "vitest";
import { en } from "../text/en";
import { ask, askJson, awaitToken, canRetry, needsKey, Problem, problemOf, sentence, setToken } from "./http";

afterEach(() => {
  vi.unstubAllGlobals();
  setToken(null);
});

const answers = (make: () => Response | Promise<Response>) => {
  const fetched = vi.fn((_path: string, _init: RequestInit) => Promise.resolve(make()));
  vi.stubGlobal("fetch", fetched);
  return fetched;
};

const caught = (path: string): Promise<Problem> =>
  ask(path).then(
    () => expect.unreachable(),
    (error: Problem) => error,
  );

test("a refusal keeps its code, its hint as a sentence, its status and when to come again", async () => {
  answers(
    () =>
      new Response(JSON.stringify({ error: "too many", code: "server_full", hint: "come again" }), {
        status: 503,
        headers: { "Retry-After": "7" },
      }),
  );
  const problem = await caught("/x");
  expect([problem.code, problem.message, problem.hint, problem.status, problem.retryAfter]).toEqual([
    "server_full",
    "Too many.",
    "Come again.",
    503,
    7,
  ]);
  expect(canRetry(problem)).toBe(true);
});

test("an answer of something in between is told as such", async () => {
  answers(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect((await caught("/x")).code).toBe("bad_answer");
});

test("a file that is too large for something in between is told as such, and not sent once more", async () => {
  answers(() => new Response("<h1>413 Request Entity Too Large</h1>", { status: 413 }));
  const problem = await caught("/x");
  expect([problem.message, problem.status, canRetry(problem)]).toEqual([en.problems.tooMuch, 413, false]);
});

test("what is no JSON though it should be is another's answer, which may be right the next time", async () => {
  answers(() => new Response("<h1>Please log in</h1>", { headers: { "Content-Type": "text/html" } }));
  const problem = await askJson("/x").catch(problemOf);
  expect(problem).toMatchObject({ code: "bad_answer", status: 0 });
  expect(canRetry(problem as Problem)).toBe(true);
});

test("no answer is offline, and an abort stays an abort", async () => {
  answers(() => Promise.reject(new TypeError("Failed to fetch")));
  const problem = await caught("/x");
  expect([problem.code, canRetry(problem)]).toEqual(["offline", true]);
  answers(() => Promise.reject(new DOMException("gone", "AbortError")));
  await expect(ask("/x")).rejects.toMatchObject({ name: "AbortError" });
});

test("trying again is offered where it can help, and not for a picture that is damaged", () => {
  const at = (status: number) => new Problem("c", "", "", status);
  expect([429, 408, 500, 503].map((status) => canRetry(at(status)))).toEqual([true, true, true, true]);
  expect([400, 401, 403, 404, 413, 415, 422].some((status) => canRetry(at(status)))).toBe(false);
  // What a proxy says today it need not say tomorrow.
  expect(canRetry(new Problem("bad_answer", "", "", 403))).toBe(true);
  expect(needsKey(at(401))).toBe(true);
  expect(canRetry(problemOf(new RangeError("defect of the page")))).toBe(false);
});

test("the token of the session goes with what changes something, and with nothing else", async () => {
  const fetched = answers(() => new Response("{}"));
  setToken("t");
  await ask("/x");
  await ask("/x", { method: "POST" });
  const sent = fetched.mock.calls.map(([, init]) => new Headers(init.headers).get("X-CSRF-Token"));
  expect(sent).toEqual([null, "t"]);
});

test("the server's words become sentences", () => {
  expect([sentence("no picture"), sentence("Try it!"), sentence(" ")]).toEqual(["No picture.", "Try it!", ""]);
});

test("what changes something waits for the token, and what does not goes at once", async () => {
  const fetched = answers(() => new Response("{}"));
  let bring: () => void = () => undefined;
  awaitToken(
    new Promise<void>((resolve) => {
      bring = resolve;
    }).then(() => setToken("its")),
  );
  const post = ask("/x", { method: "POST" });
  await ask("/y");
  expect(fetched.mock.calls.map(([path]) => path)).toEqual(["/y"]);
  bring();
  await post;
  expect(new Headers(fetched.mock.calls[1]?.[1].headers).get("X-CSRF-Token")).toBe("its");
});

test("a token that does not come holds nothing up", async () => {
  const fetched = answers(() => new Response("{}"));
  awaitToken(Promise.reject(new Error("offline")));
  await ask("/x", { method: "POST" });
  expect(fetched).toHaveBeenCalledOnce();
});
