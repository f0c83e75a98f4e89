import { expect, it } from "vitest";
import { levels, TILE } from "./grid";
import { Mattes } from "./mattes";
import type { Tile } from "./tile";

const grids = levels(4 * TILE, 3 * TILE);

it("has levels down to a single tile", () => {
  expect(grids.map(({ columns, rows }) => [columns, rows])).toEqual([
    [4, 3],
    [2, 2],
    [1, 1],
  ]);
  expect(levels(513, 1).map(({ width, height }) => [width, height])).toEqual([
    [513, 1],
    [257, 1],
    [129, 1],
  ]);
});

it("follows its tiles at all levels, and tells which have changed", () => {
  const tiles: Tile[] = new Array(12).fill(0);
  const mattes = new Mattes(grids, tiles);
  const middle = () => {
    const tile = mattes.get(2, 0);
    return typeof tile === "number" ? tile : tile[(TILE / 4) * TILE + (3 * TILE) / 4];
  };
  expect(middle()).toBe(0);
  // The tile in the third column and the second row.
  tiles[6] = 200;
  const told: string[] = [];
  mattes.invalidate(6, (level, tile) => told.push(`${level}/${tile}`));
  expect(told).toEqual(["0/6", "1/1", "2/0"]);
  const found = mattes.get(2, 0) as Uint8Array;
  expect([found[64 * TILE + 128], found[64 * TILE + 191], found[64 * TILE + 127], found[63 * TILE + 128]]).toEqual([
    200, 200, 0, 0,
  ]);
});
