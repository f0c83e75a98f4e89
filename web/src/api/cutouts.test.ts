import { afterEach, expect, test, vi } from "vitest";
import { DEFAULTS } from "../settings/defaults";
import { makeMatte, makePicture, matteFile, readablePhoto } from "./cutouts";
import { canRetry, type Problem, problemOf } from "./http";

afterEach(() => vi.unstubAllGlobals());

const answers = (body: string, kind: string) =>
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(body, { headers: { "Content-Type": kind, "X-Width": "4", "X-Height": "3" } })),
  );

const never = new AbortController().signal;
const picture = () => makePicture("m", DEFAULTS, [], never);
const matte = () =>
  makeMatte({ photo: new Blob(["x"]), name: "x.jpg", settings: DEFAULTS, onStep: () => undefined, signal: never });

test.each(["image/png", "image/avif", "application/zip"])(
  "a picture is what came as %s, with its size",
  async (kind) => {
    answers("picture", kind);
    const { blob, width, height } = await picture();
    expect([await blob.text(), width, height]).toEqual(["picture", 4, 3]);
  },
);

test.each([
  ["a picture", picture],
  ["a matte", () => matteFile("m", never)],
  ["a readable photo", () => readablePhoto("m", never)],
  ["what is said of a matte", matte],
])("a page of something in between is not %s, and it is worth another try", async (_, asked) => {
  answers("<h1>Please log in</h1>", "text/html; charset=utf-8");
  const problem = await asked().then(() => expect.unreachable(), problemOf);
  expect(problem.code).toBe("bad_answer");
  expect(canRetry(problem as Problem)).toBe(true);
});
