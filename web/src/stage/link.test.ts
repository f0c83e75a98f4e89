import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { link } from "./link";
import type { FromEngine } from "./messages";

class FakeWorker {
  static last: FakeWorker;
  onmessage: (event: { data: FromEngine }) => void = () => undefined;
  onerror: (event: { message?: string }) => void = () => undefined;
  postMessage(): void {}
  terminate(): void {}
  constructor() {
    FakeWorker.last = this;
  }
}

const canvas = { transferControlToOffscreen: () => ({}) } as unknown as HTMLCanvasElement;

let told: FromEngine[];

beforeEach(() => {
  vi.stubGlobal("Worker", FakeWorker);
  told = [];
  link(canvas, (message) => told.push(message));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a worker that does not come is no photo that is too large", () => {
  FakeWorker.last.onerror({});
  expect(told).toEqual([{ type: "problem", what: "photo", code: "not_loaded", detail: "" }]);
});

test("what fails once it runs is a lack of memory", () => {
  FakeWorker.last.onmessage({ data: { type: "ready" } });
  expect(told).toEqual([]);
  FakeWorker.last.onerror({ message: "no room" });
  expect(told).toEqual([{ type: "problem", what: "photo", code: "too_large", detail: "no room" }]);
});
