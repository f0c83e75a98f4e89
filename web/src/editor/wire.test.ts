import { describe, expect, test } from "vitest";
import type { BrushEdit, Edit, Point } from "../edits";
import { fullness, LIMITS, thinned, wire } from "./wire";

const brush = (points: readonly Point[], radius = 10): BrushEdit => ({
  kind: "brush",
  action: "remove",
  points,
  radius,
  hardness: 0.8,
  opacity: 1,
});

/** How far a place is from a line of points. */
function away([x, y]: Point, line: readonly Point[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < line.length; i++) {
    const [ax, ay] = line[Math.max(0, i - 1)] as Point;
    const [bx, by] = line[i] as Point;
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square));
    least = Math.min(least, Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y));
  }
  return least;
}

/** Places all along a line, a fifth of a pixel apart or so. */
const along = (line: readonly Point[]): Point[] =>
  line.slice(1).flatMap(([bx, by], i) => {
    const [ax, ay] = line[i] as Point;
    const count = Math.ceil(Math.hypot(bx - ax, by - ay) * 5) + 1;
    return Array.from({ length: count }, (_, k): Point => [ax + ((bx - ax) * k) / count, ay + ((by - ay) * k) / count]);
  });

const farthest = (from: readonly Point[], to: readonly Point[]) =>
  Math.max(...along(from).map((place) => away(place, to)));

describe("what is sent", () => {
  test("is what the server reads, to an eighth of a pixel, and nothing else", () => {
    const edits: Edit[] = [
      {
        ...brush(
          [
            [1.06, 2.07],
            [30, 9.99],
          ],
          4.56789,
        ),
        group: 4,
      },
      {
        kind: "lasso",
        action: "add",
        points: [
          [0, 0],
          [9.4, 0],
          [9, 9],
        ],
        opacity: 0.5,
      },
      { kind: "grow", action: "add", point: [7.2, 8], reach: 0.35 },
    ];
    expect(JSON.parse(wire(edits))).toEqual([
      {
        kind: "brush",
        action: "remove",
        points: [
          [1, 2.125],
          [30, 10],
        ],
        radius: 4.568,
        hardness: 0.8,
        opacity: 1,
      },
      {
        kind: "lasso",
        action: "add",
        points: [
          [0, 0],
          [9.375, 0],
          [9, 9],
        ],
        opacity: 0.5,
      },
      { kind: "grow", action: "add", point: [7.25, 8], reach: 0.35 },
    ]);
    expect(wire([])).toBe("[]");
  });

  test("a lasso keeps the three corners that it must have", () => {
    const line: Edit = {
      kind: "lasso",
      action: "add",
      points: [
        [0, 0],
        [5, 0],
        [9, 0],
      ],
      opacity: 1,
    };
    expect(JSON.parse(wire([line]))[0].points).toHaveLength(3);
  });

  test("edits that were sent before are not written anew", () => {
    const edits = Array.from({ length: 10_000 }, (_, i) => brush(Array.from({ length: 10 }, (_, k) => [i + k, k * k])));
    wire(edits);
    const begin = performance.now();
    for (let i = 0; i < 20; i++) fullness(edits, 1000, 1000);
    expect((performance.now() - begin) / 20).toBeLessThan(50);
  });
});

describe("points that are left out", () => {
  test("on a straight line, however slowly it was drawn", () => {
    const slow = Array.from({ length: 500 }, (_, i): Point => [i / 4, i / 8]);
    expect(thinned(slow).length).toBeLessThan(15);
    expect(thinned(slow)[0]).toEqual(slow[0]);
    expect(thinned(slow).at(-1)).toEqual(slow.at(-1));
  });

  test("where a hand rests", () => {
    expect(thinned(Array.from({ length: 50 }, (): Point => [3, 3]))).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(thinned([[3, 3]])).toEqual([[3, 3]]);
  });

  test("not where a line turns back on itself", () => {
    const there: Point[] = [
      [0, 0],
      [50, 0],
      [100, 0],
      [60, 0],
      [40, 0],
    ];
    expect(farthest(there, thinned(there))).toBeLessThan(0.11);
    expect(thinned(there)).toContainEqual([100, 0]);
  });

  test("never move the line by more than a tenth of a pixel, either way", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let drawn = 0; drawn < 20; drawn++) {
      let [x, y, turn] = [100, 100, 0];
      const pace = 0.3 + 4 * random();
      const line = Array.from({ length: 150 }, (): Point => {
        turn += (random() - 0.5) * 0.6;
        x += pace * Math.cos(turn);
        y += pace * Math.sin(turn);
        return [Math.round(x * 8) / 8, Math.round(y * 8) / 8];
      });
      const thin = thinned(line);
      expect(farthest(line, thin)).toBeLessThanOrEqual(0.1 + 1e-9);
      expect(farthest(thin, line)).toBeLessThanOrEqual(0.1 + 1e-9);
      expect(thin.length).toBeLessThan(line.length);
    }
  });
});

describe("how full it is", () => {
  const zigzag = (count: number) => Array.from({ length: count }, (_, i): Point => [i * 3, (i % 2) * 40]);

  test("by the bound that is nearest", () => {
    const short = Array.from({ length: 5_000 }, () => brush([[1, 1]], 1));
    expect(fullness(short, 4000, 4000)).toEqual({ limit: "strokes", share: 0.5 });
    const long = Array.from({ length: 10 }, () => brush(zigzag(9_000), 1));
    expect(fullness(long, 4000, 4000)).toEqual({ limit: "points", share: 0.9 });
    const broad = Array.from({ length: 150 }, () => brush([[500, 500]], 2000));
    expect(fullness(broad, 1000, 1000)).toEqual({ limit: "cover", share: 0.5 });
    const turns: Edit = { kind: "lasso", action: "add", points: zigzag(1_000), opacity: 1 };
    expect(fullness([turns], 1000, 1000).limit).toBe("cover");
    expect(fullness([turns], 1000, 1000).share).toBeCloseTo((1000 * 40 * 800 + 3000 * 40) / 1e6 / 300, 3);
    const point: Edit = { kind: "grow", action: "add", point: [1, 1], reach: 0.5 };
    expect(
      fullness(
        Array.from({ length: 190 }, () => point),
        1000,
        1000,
      ),
    ).toEqual({ limit: "grows", share: 0.95 });
    expect(fullness([], 10, 10).share).toBeLessThan(1e-6);
  });

  test("bytes are those of the text that is sent", () => {
    const edits = Array.from({ length: 9 }, () =>
      brush(Array.from({ length: 9_000 }, (_, i) => [i * 3 + 10_000.125, (i % 2) * 40 + 10_000.375])),
    );
    const { limit, share } = fullness(edits, 1e5, 1e5);
    expect(limit).toBe("bytes");
    expect(share).toBeCloseTo(wire(edits).length / LIMITS.bytes, 6);
  });
});
