import { describe, expect, it } from "vitest";
import type { BrushEdit, Edit, GrowEdit, LassoEdit, Point } from "../../edits";
import { grid, TILE, tileRect } from "./grid";
import { Layers, type Numbered } from "./layers";
import type { Tile } from "./tile";

const of = grid(900, 700);
const COUNT = of.columns * of.rows;

/** Something of every value, so that rounding is seen. */
const base: readonly Tile[] = Array.from({ length: COUNT }, (_, tile) =>
  tile % 3 === 0 ? (tile * 40) % 256 : Uint8Array.from({ length: TILE * TILE }, (_, i) => (i * 7 + tile) % 256),
);

const brush = (points: readonly Point[], more: Partial<BrushEdit> = {}): BrushEdit => ({
  kind: "brush",
  action: "remove",
  points,
  radius: 40,
  hardness: 0.6,
  opacity: 0.7,
  ...more,
});

const EDITS: readonly Edit[] = [
  brush([
    [100, 100],
    [400, 300],
  ]),
  brush(
    [
      [300, 50],
      [300, 600],
      [500, 600],
    ],
    { action: "add", radius: 70, opacity: 1 },
  ),
  {
    kind: "lasso",
    action: "remove",
    points: [
      [50, 50],
      [700, 80],
      [400, 640],
    ],
    opacity: 1,
  },
  brush([[600, 300]], { action: "add", radius: 200, hardness: 0 }),
];

const numbered = (edits: readonly Edit[], ids = edits.map((_, i) => i + 1)): Numbered[] =>
  edits.map((edit, i) => ({ id: ids[i] as number, edit, mask: null }));

function finish(layers: Layers): Layers {
  for (const tile of layers.waiting()) layers.finish(tile);
  return layers;
}

/** The edits, painted from the start. */
function fresh(edits: readonly Edit[]): readonly Tile[] {
  const layers = new Layers(of, base);
  layers.set(numbered(edits));
  return finish(layers).tiles;
}

/** All pixels, as a tile may be a number or an array of it. */
const pixels = (tiles: readonly Tile[]) =>
  tiles.map((tile, i) => {
    const { left, top, right, bottom } = tileRect(of, i);
    const rows = Array.from({ length: bottom - top }, (_, y) =>
      typeof tile === "number"
        ? new Uint8Array(right - left).fill(tile)
        : tile.subarray(y * TILE, y * TILE + right - left),
    );
    return rows.map((row) => row.join()).join(";");
  });

const same = (a: readonly Tile[], b: readonly Tile[]) => expect(pixels(a)).toEqual(pixels(b));

function draw(layers: Layers, id: number, edit: BrushEdit): void {
  const { points, ...tool } = edit;
  layers.begin(id, tool);
  for (const point of points) layers.draw([point]);
}

describe("undoing", () => {
  it("brings back what was there, whatever is taken back", () => {
    const layers = new Layers(of, base);
    layers.set(numbered(EDITS));
    finish(layers);
    for (const length of [3, 1, 0]) {
      layers.set(numbered(EDITS.slice(0, length)));
      same(finish(layers).tiles, fresh(EDITS.slice(0, length)));
    }
  });

  it("needs no painting while the tiles are kept", () => {
    const layers = new Layers(of, base);
    layers.set(numbered(EDITS));
    finish(layers);
    layers.set(numbered(EDITS.slice(0, 2)));
    expect(layers.waiting()).toEqual([]);
    same(layers.tiles, fresh(EDITS.slice(0, 2)));
  });

  it("paints what was given up anew, and only there", () => {
    const layers = new Layers(of, base, 3 * TILE * TILE);
    layers.set(numbered(EDITS));
    finish(layers);
    layers.set(numbered(EDITS.slice(0, 3)));
    expect(layers.waiting().length).toBeGreaterThan(0);
    expect(layers.waiting().length).toBeLessThan(COUNT);
    same(finish(layers).tiles, fresh(EDITS.slice(0, 3)));
  });

  it("works before all has been painted", () => {
    const layers = new Layers(of, base);
    layers.set(numbered(EDITS));
    for (const tile of layers.waiting().slice(0, 4)) layers.finish(tile);
    layers.set(numbered(EDITS.slice(0, 2)));
    layers.set(numbered(EDITS.slice(0, 3)));
    for (const tile of layers.waiting().slice(0, 2)) layers.finish(tile);
    layers.set(numbered(EDITS.slice(0, 1)));
    same(finish(layers).tiles, fresh(EDITS.slice(0, 1)));
  });

  it("replaces edits in the middle", () => {
    const layers = new Layers(of, base);
    layers.set(numbered(EDITS));
    finish(layers);
    const others = [EDITS[0], EDITS[3], EDITS[2]] as Edit[];
    layers.set(numbered(others, [1, 4, 3]));
    same(finish(layers).tiles, fresh(others));
  });

  it("never writes to the matte itself", () => {
    const before = pixels(base);
    const layers = new Layers(of, base);
    draw(layers, 1, EDITS[0] as BrushEdit);
    layers.end();
    layers.set(numbered(EDITS));
    finish(layers);
    expect(pixels(base)).toEqual(before);
  });
});

describe("redoing", () => {
  const all = numbered(EDITS);

  it("needs no painting while the tiles are kept, in however many steps", () => {
    const layers = new Layers(of, base);
    layers.set(all);
    finish(layers);
    for (const length of [3, 0, 2, 1, 4]) {
      layers.set(all.slice(0, length));
      expect(layers.waiting()).toEqual([]);
      same(layers.tiles, fresh(EDITS.slice(0, length)));
    }
  });

  it("tells what has changed", () => {
    const layers = new Layers(of, base);
    layers.set(all);
    finish(layers);
    layers.set([]);
    layers.take();
    layers.set(all.slice(0, 1));
    expect([...layers.take().tiles].sort()).toEqual([0, 1, 4, 5]);
  });

  it("paints what was given up anew, and only there", () => {
    const layers = new Layers(of, base, 20 * TILE * TILE);
    layers.set(all);
    finish(layers);
    layers.set([]);
    finish(layers);
    layers.set(all.slice(0, 1));
    expect(layers.waiting()).toEqual([]);
    layers.set(all);
    expect(layers.waiting().length).toBeGreaterThan(0);
    expect(layers.waiting().length).toBeLessThan(COUNT / 2 + 1);
    same(finish(layers).tiles, fresh(EDITS));
    layers.set(all.slice(0, 2));
    same(finish(layers).tiles, fresh(EDITS.slice(0, 2)));
  });

  it("works before all has been painted or brought back", () => {
    const layers = new Layers(of, base, 4 * TILE * TILE);
    layers.set(all);
    for (const [length, tiles] of [
      [2, 3],
      [3, 2],
      [1, 1],
      [4, 5],
      [0, 2],
      [4, 100],
    ] as const) {
      for (const tile of layers.waiting().slice(0, tiles)) layers.finish(tile);
      layers.set(all.slice(0, length));
    }
    same(finish(layers).tiles, fresh(EDITS));
  });

  it("is not mixed up with what came instead", () => {
    const layers = new Layers(of, base);
    layers.set(all.slice(0, 2));
    finish(layers);
    layers.set([all[0], all[3], all[1]] as Numbered[]);
    same(finish(layers).tiles, fresh([EDITS[0], EDITS[3], EDITS[1]] as Edit[]));
  });

  it("is not mixed up with what was drawn instead", () => {
    const layers = new Layers(of, base);
    layers.set(all.slice(0, 2));
    finish(layers);
    layers.set(all.slice(0, 1));
    draw(layers, 9, EDITS[3] as BrushEdit);
    layers.end();
    layers.set([all[0] as Numbered, { id: 9, edit: EDITS[3] as Edit, mask: null }, all[1] as Numbered]);
    same(finish(layers).tiles, fresh([EDITS[0], EDITS[3], EDITS[1]] as Edit[]));
  });
});

describe("a stroke that is drawn", () => {
  const stroke = EDITS[0] as BrushEdit;

  it("looks at its end as if it had been painted at once", () => {
    const layers = new Layers(of, base);
    draw(layers, 1, stroke);
    same(layers.tiles, fresh([stroke]));
  });

  it("is not painted again when it comes back as an edit", () => {
    const layers = new Layers(of, base);
    draw(layers, 7, stroke);
    layers.end();
    layers.set(numbered([stroke], [7]));
    expect(layers.waiting()).toEqual([]);
    same(layers.tiles, fresh([stroke]));
  });

  it("vanishes where it is not taken, or is given up", () => {
    const layers = new Layers(of, base);
    draw(layers, 7, stroke);
    layers.end();
    layers.set([]);
    same(finish(layers).tiles, base);
    draw(layers, 8, stroke);
    layers.cancel();
    same(layers.tiles, base);
  });

  it("is undone as any other", () => {
    const layers = new Layers(of, base);
    layers.set(numbered(EDITS.slice(0, 2)));
    draw(
      layers,
      3,
      brush([
        [200, 200],
        [500, 100],
      ]),
    );
    layers.end();
    layers.set(numbered(EDITS.slice(0, 2)));
    same(finish(layers).tiles, fresh(EDITS.slice(0, 2)));
  });

  it("lies above edits that come while it is drawn", () => {
    const layers = new Layers(of, base);
    const live = brush(
      [
        [150, 150],
        [350, 250],
        [500, 500],
      ],
      { action: "add" },
    );
    const { points, ...tool } = live;
    layers.begin(9, tool);
    layers.draw(points.slice(0, 2));
    layers.set(numbered(EDITS.slice(0, 3)));
    layers.draw(points.slice(2));
    same(finish(layers).tiles, fresh([...EDITS.slice(0, 3), live]));
  });

  it("tells what has changed, and no more", () => {
    const layers = new Layers(of, base);
    layers.begin(1, { kind: "brush", action: "remove", radius: 20, hardness: 1, opacity: 1 });
    layers.draw([[100, 100]]);
    layers.take();
    layers.draw([[150, 100]]);
    const { tiles, rect } = layers.take();
    expect([...tiles]).toEqual([0]);
    expect(rect).toEqual({ left: 79, top: 79, right: 171, bottom: 121 });
    expect(layers.take().rect).toBeNull();
  });
});

describe("a growing point", () => {
  const point: GrowEdit = { kind: "grow", action: "remove", point: [300, 300], reach: 0.5 };
  const mask = { left: 250, top: 250, width: 100, height: 80, values: new Uint8Array(8000).fill(255) };
  const later: LassoEdit = EDITS[2] as LassoEdit;

  it("is painted when its coverage comes, below what was drawn meanwhile", () => {
    const layers = new Layers(of, base);
    const without: Numbered[] = [
      { id: 1, edit: point, mask: null },
      { id: 2, edit: later, mask: null },
    ];
    layers.set(without);
    same(finish(layers).tiles, fresh([later]));
    layers.set([{ id: 1, edit: point, mask }, ...without.slice(1)]);
    finish(layers);
    const at = (x: number, y: number) => {
      const tile = layers.tiles[Math.floor(y / TILE) * of.columns + Math.floor(x / TILE)] as Tile;
      return typeof tile === "number" ? tile : tile[(y % TILE) * TILE + (x % TILE)];
    };
    expect([at(250, 250), at(349, 329)]).toEqual([0, 0]);
    layers.set([]);
    same(finish(layers).tiles, base);
  });
});
