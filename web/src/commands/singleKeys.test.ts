import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isSingle, workingKeys } from "./singleKeys";

const REFUSES = {
  getItem() {
    throw new DOMException("", "SecurityError");
  },
  setItem() {
    throw new DOMException("", "SecurityError");
  },
};

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
}

/** The module as a page that is opened has it. */
async function opened() {
  vi.resetModules();
  return import("./singleKeys");
}

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("what is typed in a text is single; keys with Mod and keys with a name are not", () => {
  for (const keys of ["E", "?", "+", "0", "[", "Shift+["]) expect(isSingle(keys), keys).toBe(true);
  for (const keys of ["Mod+Z", "Shift+Mod+Z", "Escape", "ArrowLeft", "Shift+Space"]) {
    expect(isSingle(keys), keys).toBe(false);
  }
});

test("of a command's keys those that are left still work", () => {
  expect(workingKeys(["S", "Mod+S"], false)).toEqual(["Mod+S"]);
  expect(workingKeys(["S", "Mod+S"], true)).toEqual(["S", "Mod+S"]);
});

test("they are on until they are switched off, which the next page knows", async () => {
  const first = await opened();
  expect(first.singleKeysOn()).toBe(true);
  first.setSingleKeys(false);
  expect(first.singleKeysOn()).toBe(false);
  const next = await opened();
  expect(next.singleKeysOn()).toBe(false);
  next.setSingleKeys(true);
  expect((await opened()).singleKeysOn()).toBe(true);
});

test("where the browser keeps nothing, it holds until the page is left", async () => {
  vi.stubGlobal("localStorage", REFUSES);
  const { setSingleKeys, singleKeysOn } = await opened();
  expect(singleKeysOn()).toBe(true);
  setSingleKeys(false);
  expect(singleKeysOn()).toBe(false);
});
