import { beforeEach, describe, expect, test } from "vitest";
import type { Edit, GrowEdit, Reach } from "../edits";
import { type Reacher, reacher } from "./reacher";

const point = (x: number): GrowEdit => ({ kind: "grow", action: "add", point: [x, 0], reach: 0.5 });
const DAB: Edit = { kind: "brush", action: "add", points: [[0, 0]], radius: 5, hardness: 1, opacity: 1 };
const COVERED: Reach = { left: 0, top: 0, width: 2, height: 2, image: "data:," };
const [a, b, c] = [point(1), point(2), point(3)];

interface Asked {
  readonly edit: GrowEdit;
  readonly signal: AbortSignal;
  answer(reach: Reach): Promise<void>;
  refuse(error: unknown): Promise<void>;
}

let asked: Asked[];
let reached: GrowEdit[];
let failures: [GrowEdit, unknown][];
let points: Reacher;

beforeEach(() => {
  [asked, reached, failures] = [[], [], []];
  points = reacher(
    (edit, signal) =>
      new Promise<Reach>((resolve, reject) => {
        const settle = async (how: () => void) => {
          how();
          await Promise.resolve();
          await Promise.resolve();
        };
        asked.push({
          edit,
          signal,
          answer: (reach) => settle(() => resolve(reach)),
          refuse: (error) => settle(() => reject(error)),
        });
      }),
    { onReach: (edit) => reached.push(edit), onFailure: (edit, error) => failures.push([edit, error]) },
  );
});

const edits = () => asked.map(({ edit }) => edit);

describe("points that grow", () => {
  test("are asked for in order, two at a time, each once", async () => {
    points.want([a, DAB, b, c]);
    expect(edits()).toEqual([a, b]);
    await asked[1]?.answer(COVERED);
    expect(edits()).toEqual([a, b, c]);
    await asked[0]?.answer(COVERED);
    await asked[2]?.answer(COVERED);
    points.want([a, DAB, b, c]);
    expect(edits()).toEqual([a, b, c]);
    expect(reached).toEqual([b, a, c]);
  });

  test("are given up when they are undone, make room for others, and are asked for again when redone", async () => {
    points.want([a, b, c]);
    points.want([a, c]);
    expect(asked[1]?.signal.aborted).toBe(true);
    expect(asked[0]?.signal.aborted).toBe(false);
    expect(edits()).toEqual([a, b, c]);
    await asked[1]?.answer(COVERED);
    expect(reached).toEqual([]);
    await asked[2]?.answer(COVERED);
    points.want([a, b]);
    expect(edits()).toEqual([a, b, c, b]);
    await asked[3]?.answer(COVERED);
    expect(reached).toEqual([c, b]);
  });

  test("an abort is no failure", async () => {
    points.want([a]);
    points.want([]);
    await asked[0]?.refuse(new DOMException("", "AbortError"));
    expect(failures).toEqual([]);
  });

  test("that fail are told of once, and asked for again only by wish", async () => {
    const error = new Error("no");
    points.want([a, b, c]);
    await asked[0]?.refuse(error);
    expect(failures).toEqual([[a, error]]);
    points.want([a, b, c]);
    expect(edits()).toEqual([a, b, c]);
    await asked[1]?.answer(COVERED);
    points.retry();
    expect(edits()).toEqual([a, b, c, a]);
    await asked[3]?.answer(COVERED);
    expect(reached).toEqual([b, a]);
  });

  test("tell nothing after the end", async () => {
    points.want([a, b]);
    points.stop();
    expect(asked.every(({ signal }) => signal.aborted)).toBe(true);
    await asked[0]?.answer(COVERED);
    await asked[1]?.refuse(new Error("no"));
    expect([reached, failures, edits()]).toEqual([[], [], [a, b]]);
  });
});
