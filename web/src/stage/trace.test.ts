import { describe, expect, it } from "vitest";
import type { Point } from "../edits";
import { type Change, LassoTrace, type Sample, stepFor, Trace } from "./trace";

const TOOL = { kind: "brush", action: "remove", radius: 32, hardness: 0.5, opacity: 0.8 } as const;

const at = (x: number, y = 0, pressure: number | null = null): Sample => ({ point: [x, y], pressure });

/** The strokes that an engine would draw of these changes. */
function drawn(changes: readonly Change[]): { radius: number; points: Point[] }[] {
  const strokes: { radius: number; points: Point[] }[] = [];
  for (const change of changes) {
    if (change.kind === "begin") strokes.push({ radius: change.brush.radius, points: [] });
    if (change.kind === "draw") strokes.at(-1)?.points.push(...change.points);
  }
  return strokes;
}

function traced(samples: readonly Sample[], tool: ConstructorParameters<typeof Trace>[0] = TOOL, most?: number) {
  const trace = new Trace(tool, 5, stepFor(1, tool.radius), most);
  const changes = samples.flatMap((sample) => trace.add([sample]));
  const end = trace.finish();
  return { edits: end.edits, strokes: drawn([...changes, ...end.changes]) };
}

describe("a stroke", () => {
  it("is told exactly as it was drawn", () => {
    const { edits, strokes } = traced([at(0), at(0.3), at(7.77, 1.01), at(50), at(50.5)]);
    expect(edits).toHaveLength(1);
    expect(edits[0]).toMatchObject({ ...TOOL, points: strokes[0]?.points });
    expect(edits[0]?.group).toBeUndefined();
  });

  it("leaves out points that are too near to be seen, but not its end", () => {
    const samples = Array.from({ length: 1011 }, (_, i) => at(i / 10));
    const { points } = traced(samples).edits[0] as { points: readonly Point[] };
    expect(points.length).toBeLessThan(30);
    expect(points[0]).toEqual([0, 0]);
    expect(points.at(-1)).toEqual([101, 0]);
    points.slice(1, -1).forEach(([x], i) => {
      expect(x - (points[i] as Point)[0]).toBeGreaterThanOrEqual(4);
    });
  });

  it("has its points in eighths of a pixel", () => {
    const { points } = traced([at(10.07, 3.123), at(33.3333, 1 / 3)]).edits[0] as { points: readonly Point[] };
    expect(points).toEqual([
      [10.125, 3.125],
      [33.375, 0.375],
    ]);
  });

  it("is split where it gets too long, from where it ended", () => {
    const { edits, strokes } = traced(
      Array.from({ length: 24 }, (_, i) => at(i * 10)),
      TOOL,
      10,
    );
    expect(edits.map(({ points }) => points.length)).toEqual([10, 10, 6]);
    expect(edits[1]?.points[0]).toEqual(edits[0]?.points.at(-1));
    expect(edits.map(({ group }) => group)).toEqual([5, 5, 5]);
    expect(strokes.map(({ points }) => points)).toEqual(edits.map(({ points }) => points));
  });
});

it("leaves out what a screen does not show", () => {
  expect(stepFor(0.1, 8)).toBe(10);
  expect(stepFor(10, 80)).toBe(10);
  expect(stepFor(30, 1)).toBe(0.25);
});

describe("a pen", () => {
  it("draws by its pressure, in pieces that belong together", () => {
    const pressures = [0.2, 0.21, 0.24, 0.5, 0.52, 1];
    const { edits } = traced(pressures.map((pressure, i) => at(i * 10, 0, pressure)));
    expect(edits.map(({ radius }) => radius / TOOL.radius)).toEqual([0.2, 0.5, 1]);
    expect(edits.map(({ group }) => group)).toEqual([5, 5, 5]);
    expect(edits[1]?.points[0]).toEqual(edits[0]?.points.at(-1));
  });

  it("does not waver between two sizes", () => {
    const { edits } = traced(Array.from({ length: 20 }, (_, i) => at(i * 10, 0, i % 2 ? 0.44 : 0.46)));
    expect(edits).toHaveLength(1);
  });
});

describe("a lasso", () => {
  const LASSO = { kind: "lasso", action: "add" } as const;

  it("is what was drawn around", () => {
    const trace = new LassoTrace(LASSO, 1);
    expect(
      trace.add([
        [0, 0],
        [0.4, 0.2],
        [10, 0],
      ]),
    ).toBe(0);
    expect(trace.add([[10, 10]])).toBe(2);
    expect(trace.finish()).toEqual({
      kind: "lasso",
      action: "add",
      points: [
        [0, 0],
        [10, 0],
        [10, 10],
      ],
      opacity: 1,
    });
  });

  it("is nothing of a click or a line", () => {
    const click = new LassoTrace(LASSO, 1);
    click.add([[5, 5]]);
    expect(click.finish()).toBeNull();
    const line = new LassoTrace(LASSO, 1);
    line.add([
      [0, 3],
      [10, 3],
      [20, 3],
    ]);
    expect(line.finish()).toBeNull();
  });

  it("gets coarser rather than too long", () => {
    const trace = new LassoTrace(LASSO, 1, 100);
    for (let i = 0; i < 500; i++) trace.add([[100 * Math.cos(i / 80), 100 * Math.sin(i / 80)]]);
    expect(trace.points.length).toBeLessThan(100);
    expect(trace.points.length).toBeGreaterThan(40);
  });
});
