import { describe, expect, it } from "vitest";
import type { BrushEdit, Point } from "../../edits";
import { grid, TILE, tileRect } from "./grid";
import { shapeOf } from "./shape";
import { closed, painted, type Tile } from "./tile";

// What the server's own code gives for the same strokes (cleancut.matting.strokes), times 255.
const TOLERANCE = 1.5;

const stroke = (points: readonly Point[], radius: number, hardness: number, opacity: number): BrushEdit => ({
  kind: "brush",
  action: "add",
  points,
  radius,
  hardness,
  opacity,
});

/** What a stroke covers of the pixels of a row. */
function row(edit: BrushEdit, y: number, xs: readonly number[], size = 600): number[] {
  const of = grid(size, size);
  const shape = shapeOf(edit, null, of);
  const covers = new Map<number, Uint8Array>();
  return xs.map((x) => {
    const tile = Math.floor(y / TILE) * of.columns + Math.floor(x / TILE);
    if (!shape.tiles.has(tile)) return 0;
    const { left, top } = tileRect(of, tile);
    const cover = covers.get(tile) ?? shape.cover(tile).values;
    covers.set(tile, cover);
    return cover[(y - top) * TILE + x - left] as number;
  });
}

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

function near(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number)), `at ${i}`).toBeLessThanOrEqual(TOLERANCE);
  });
}

describe("a brush covers what the server paints", () => {
  it("by a click of a hard one", () => {
    const click = stroke([[10.25, 10.5]], 4, 1, 1);
    near(row(click, 10, range(4, 17)), [0, 0, 191.25, 255, 255, 255, 255, 255, 255, 255, 63.75, 0, 0]);
    near(row(click, 13, range(4, 17)), [0, 0, 0, 109.73, 255, 255, 255, 255, 191.25, 19.65, 0, 0, 0]);
  });

  it("by a line of a soft one that is not opaque", () => {
    const line = stroke(
      [
        [10, 12],
        [20.5, 15.25],
      ],
      6,
      0.4,
      0.7,
    );
    near(row(line, 8, range(2, 31, 2)), [0, 0, 52.08, 108.69, 122.2, 95.07, 65.74, 36.42, 7.1, 0, 0, 0, 0, 0, 0]);
    near(
      row(line, 16, range(2, 31, 2)),
      [0, 0, 14.83, 62.31, 91.68, 121, 150.33, 178.5, 178.5, 178.5, 178.5, 89.71, 0, 0, 0],
    );
  });

  it("no more where it crosses itself", () => {
    const crossing = stroke(
      [
        [30, 30],
        [36, 10],
        [24.5, 22],
        [50, 25.5],
      ],
      7,
      0,
      0.5,
    );
    near(
      row(crossing, 23, range(14, 61, 3)),
      [0, 0, 49.69, 94.66, 105.39, 112.82, 120.25, 127.32, 119.89, 112.46, 105.03, 97.6, 89.95, 54.08, 3.63, 0],
    );
    near(
      row(crossing, 14, range(14, 61, 3)),
      [0, 0, 0, 19.83, 59.28, 98.73, 116.82, 112.67, 60.33, 7.99, 0, 0, 0, 0, 0, 0],
    );
  });

  it("by one that is smaller than a pixel", () => {
    near(row(stroke([[5.5, 5.5]], 0.3, 1, 1), 5, range(3, 9)), [0, 0, 204, 0, 0, 0]);
  });

  it("across the borders of tiles, where blocks are filled as a whole", () => {
    const wide = stroke(
      [
        [250, 250],
        [262, 262],
      ],
      60,
      0.9,
      0.8,
    );
    near(row(wide, 300, range(200, 331, 10)), [0, 0, 116.67, 204, 204, 204, 204, 204, 204, 204, 188.79, 0, 0, 0]);
  });
});

describe("a long stroke", () => {
  const points = Array.from({ length: 40 }, (_, i): Point => [60 + i * 3.3, 120 + 40 * Math.sin(i / 4)]);
  const edit = stroke(points, 45, 0.3, 1);

  /** By the definition: for every pixel the nearest place of all lines. */
  function defined(x: number, y: number): number {
    const away = Math.min(
      ...points.slice(1).map(([bx, by], i) => {
        const [ax, ay] = points[i] as Point;
        const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
        const at = Math.min(1, Math.max(0, along));
        return Math.hypot(x - ax - at * (bx - ax), y - ay - at * (by - ay));
      }),
    );
    return 255 * Math.min(1, Math.max(0, (45 - away) / (45 - 0.3 * 45)));
  }

  it("covers every pixel by the line that is nearest to it", () => {
    for (const y of range(30, 220, 7)) {
      const xs = range(0, 256);
      near(
        row(edit, y, xs),
        xs.map((x) => defined(x + 0.5, y + 0.5)),
      );
    }
  });
});

describe("painting", () => {
  const of = grid(20, 20);
  const remove = {
    ...stroke(
      [
        [6, 10],
        [14, 10],
      ],
      5,
      0.5,
      0.6,
    ),
    action: "remove" as const,
  };
  const add = stroke(
    [
      [10, 4],
      [10, 16],
    ],
    4,
    0.2,
    0.9,
  );
  const result = [remove, add].reduce<Tile>(
    (tile, edit) => painted(tile, shapeOf(edit, null, of).cover(0), edit.action),
    102,
  );
  const at = (x: number, y: number) => (result as Uint8Array)[y * TILE + x] as number;

  it("adds and removes as the server does", () => {
    near(
      range(0, 20).map((x) => at(x, 7)),
      [
        102, 102, 84.89, 66.15, 50.97, 42.01, 70.92, 131.17, 191.41, 233.58, 233.58, 191.41, 131.17, 70.92, 42.01,
        50.97, 66.15, 84.89, 102, 102,
      ],
    );
    near(
      range(0, 20).map((y) => at(6, y)),
      [
        102, 102, 110.27, 121.99, 123.52, 113, 91.96, 70.92, 70.92, 70.92, 70.92, 70.92, 70.92, 91.96, 113, 123.52,
        121.99, 110.27, 102, 102,
      ],
    );
  });

  it("leaves one number of a tile that is covered as a whole", () => {
    const all = stroke([[128, 128]], 400, 1, 1);
    expect(painted(closed(new Uint8Array(TILE * TILE).fill(7)), shapeOf(all, null, of).cover(0), "remove")).toBe(0);
    expect(painted(12, shapeOf(all, null, of).cover(0), "add")).toBe(255);
    expect(painted(12, shapeOf({ ...all, opacity: 0.5 }, null, of).cover(0), "add")).not.toBe(255);
  });
});
