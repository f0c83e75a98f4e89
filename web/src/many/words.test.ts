import { expect, it } from "vitest";
import { en } from "../text/en";
import type { Item } from "./contract";
import { item, made, photos, sent } from "./samples";
import { canAgain, say } from "./words";

const DONE = item(made(sent(photos({ a: 1 }), "k", ["a"]), "k"), "a");

const failed = (code: string): Item => ({
  ...DONE,
  state: { kind: "failed", problem: { error: "It is broken.", code, hint: "Send another." } },
});

const found = (subject: boolean, confidence: number): Item => ({
  ...DONE,
  result: DONE.result && { ...DONE.result, subject, confidence },
});

it("says why a photo failed, and what helps", () => {
  expect(say(failed("damaged_image"), false).why).toContain("file is damaged");
  expect(say(failed("unsupported_image"), false)).toMatchObject({ look: "bad", why: "It is broken. Send another." });
});

it("says where nothing was found, and where the matte may be wrong", () => {
  const { noSubject, unsure, done } = en.many.state;
  expect([found(false, 0.1), found(true, 0.4), found(true, 0.9)].map((each) => say(each, false).words)).toEqual([
    noSubject,
    unsure,
    done,
  ]);
});

it("offers once more what may go well, not a file that stays what it is", () => {
  expect(canAgain(failed("worker_crashed"), false)).toBe(true);
  expect(canAgain(failed("not_an_image"), true)).toBe(false);
  expect([canAgain(DONE, false), canAgain(DONE, true)]).toEqual([false, true]);
  expect(canAgain({ ...DONE, state: { kind: "working", job: "k" } }, true)).toBe(false);
});
