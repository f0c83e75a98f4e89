/** A picture in square tiles, at full size (level 0) and at halves, quarters and so on of it (levels 1, 2, …). */

/** Side of a tile: small enough that a brush's touch costs little, large enough that a screen has few of them. */
export const TILE = 256;

/** Side of the squares within a tile that a stroke's coverage is worked out for at a time. */
export const BLOCK = 32;

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** One level of a picture. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  /** Of tiles; tile (column, row) has the number row * columns + column. */
  readonly columns: number;
  readonly rows: number;
}

export function grid(width: number, height: number): Grid {
  return { width, height, columns: Math.ceil(width / TILE), rows: Math.ceil(height / TILE) };
}

/** All levels, down to one that is a single tile. Pixel (x, y) of a level lies over 2x, 2x + 1 and 2y, 2y + 1 of the one before. */
export function levels(width: number, height: number): readonly Grid[] {
  const all = [grid(width, height)];
  for (let last = all[0] as Grid; last.columns * last.rows > 1; last = all[all.length - 1] as Grid) {
    all.push(grid(Math.ceil(last.width / 2), Math.ceil(last.height / 2)));
  }
  return all;
}

/** The pixels of a tile; those at the right and at the lower border may be smaller. */
export function tileRect(of: Grid, tile: number): Rect {
  const left = (tile % of.columns) * TILE;
  const top = Math.floor(tile / of.columns) * TILE;
  return { left, top, right: Math.min(left + TILE, of.width), bottom: Math.min(top + TILE, of.height) };
}

/** The tiles that a part of the picture lies on. */
export function tilesOf(of: Grid, rect: Rect): number[] {
  const found: number[] = [];
  const right = Math.min(Math.ceil(rect.right / TILE), of.columns);
  const bottom = Math.min(Math.ceil(rect.bottom / TILE), of.rows);
  for (let row = Math.max(0, Math.floor(rect.top / TILE)); row < bottom; row++) {
    for (let column = Math.max(0, Math.floor(rect.left / TILE)); column < right; column++) {
      found.push(row * of.columns + column);
    }
  }
  return found;
}

/** The tiles of the level before that a tile is made of: upper left, upper right, lower left, lower right; null beyond the border. */
export function children(before: Grid, of: Grid, tile: number): readonly (number | null)[] {
  const column = (tile % of.columns) * 2;
  const row = Math.floor(tile / of.columns) * 2;
  return [0, 1, 2, 3].map((each) => {
    const [x, y] = [column + (each & 1), row + (each >> 1)];
    return x < before.columns && y < before.rows ? y * before.columns + x : null;
  });
}

/** The tile of the next level that a tile is part of. */
export function parent(of: Grid, next: Grid, tile: number): number {
  return (Math.floor(tile / of.columns) >> 1) * next.columns + ((tile % of.columns) >> 1);
}

export const isEmpty = (rect: Rect): boolean => rect.right <= rect.left || rect.bottom <= rect.top;

export const meet = (a: Rect, b: Rect): Rect => ({
  left: Math.max(a.left, b.left),
  top: Math.max(a.top, b.top),
  right: Math.min(a.right, b.right),
  bottom: Math.min(a.bottom, b.bottom),
});

/** What holds both; null is nothing. */
export function join(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}
