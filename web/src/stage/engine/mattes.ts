/** A matte at all levels. Level 0 is given; the others are made where they are looked at. */

import { children, type Grid, parent } from "./grid";
import { halved, type Tile } from "./tile";

export class Mattes {
  private readonly higher: (Tile | undefined)[][];

  constructor(
    private readonly grids: readonly Grid[],
    private readonly tiles: readonly Tile[],
  ) {
    this.higher = grids.map(() => []);
  }

  get(level: number, tile: number): Tile {
    if (level === 0) return this.tiles[tile] as Tile;
    const row = this.higher[level] as (Tile | undefined)[];
    const known = row[tile];
    if (known !== undefined) return known;
    const from = children(this.grids[level - 1] as Grid, this.grids[level] as Grid, tile);
    const made = halved(from.map((each) => (each === null ? null : this.get(level - 1, each))));
    row[tile] = made;
    return made;
  }

  /** A tile of level 0 has changed. `told` is called for each tile of any level that lies over it. */
  invalidate(tile: number, told: (level: number, tile: number) => void): void {
    told(0, tile);
    let at = tile;
    for (let level = 1; level < this.grids.length; level++) {
      at = parent(this.grids[level - 1] as Grid, this.grids[level] as Grid, at);
      delete this.higher[level]?.[at];
      told(level, at);
    }
  }
}
