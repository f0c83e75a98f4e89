/** One frame: what is drawn on the canvas, and in what order. */

import type { Point } from "../../edits";
import type { View } from "../contract";
import type { Look, SentScene } from "../messages";
import { drawBackdrop, type Place, type Ready } from "./backdrop";
import type { Context } from "./canvas";
import { type Colours, compose, type Manner } from "./compose";
import { isEmpty, meet, type Rect } from "./grid";
import type { Mattes } from "./mattes";
import type { Picture } from "./pictures";
import { drawTiles, type Source } from "./screen";
import type { Sprites } from "./sprites";

/** All that a frame is made of. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** Device pixels for each CSS pixel. */
  readonly density: number;
  readonly view: View;
  readonly look: Look;
  readonly scene: SentScene;
  readonly behind: Ready;
  readonly picture: Picture | null;
  readonly cutout: Picture | null;
  readonly mattes: Mattes | null;
  /** What is being drawn around something. */
  readonly line: readonly Point[];
}

const CUT: Manner = { kind: "cut" };
const BLACK: Manner = { kind: "over", colour: [0, 0, 0], share: 1 };

// Enough to be seen on anything, and the photo can still be told.
const TINT = 0.6;

/** How the photo and its matte are put together. */
export function mannerOf(scene: SentScene, look: Look): Manner {
  if (scene.mode === "result" || scene.overlay === "none") return CUT;
  return scene.overlay === "black" ? BLACK : { kind: "over", colour: look.removed, share: TINT };
}

/** Where the photo lies, in whole device pixels. */
export function placeOf({ view, density, picture }: Shown): Place {
  const scale = view.scale * density;
  const { width = 0, height = 0 } = picture?.grids[0] ?? {};
  return {
    x: Math.round(view.x * density),
    y: Math.round(view.y * density),
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    scale,
  };
}

/** Draws all that lies within `dirty`. */
export function drawFrame(on: Context, sprites: Sprites, of: Shown, dirty: Rect): void {
  within(on, dirty, () => {
    on.clearRect(dirty.left, dirty.top, dirty.right - dirty.left, dirty.bottom - dirty.top);
    if (!of.picture) return;
    const place = placeOf(of);
    const seen = meet(dirty, {
      left: place.x,
      top: place.y,
      right: place.x + place.width,
      bottom: place.y + place.height,
    });
    const { scene } = of;
    if (scene.mode === "edit") {
      drawPart(on, sprites, of, place, seen, scene.original);
    } else {
      const line = scene.compare === null ? 0 : Math.round(scene.compare * of.width);
      drawPart(on, sprites, of, place, meet(seen, { ...seen, right: line }), true);
      drawPart(on, sprites, of, place, meet(seen, { ...seen, left: line }), false);
    }
    if (of.line.length > 0) drawLine(on, of);
  });
}

function drawPart(on: Context, sprites: Sprites, of: Shown, place: Place, seen: Rect, original: boolean): void {
  if (isEmpty(seen)) return;
  within(on, seen, () => {
    const source = sourceOf(of, original);
    if (!source) return;
    const shines = source.name !== "photo" && (of.scene.mode === "result" || of.scene.overlay === "none");
    if (shines) drawBackdrop(on, of.behind, place, of.look, of.density);
    drawTiles(on, sprites, source, place, seen);
  });
}

function sourceOf({ picture, cutout, mattes, scene, look }: Shown, original: boolean): Source | null {
  if (!original && scene.mode === "result" && cutout) return plain("cutout", cutout);
  if (!picture || original || !mattes) return picture && plain("photo", picture);
  const manner = mannerOf(scene, look);
  return {
    name: "edit",
    grids: picture.grids,
    finest: picture.finest,
    make: (level, tile, to) => compose(to, coloursOf(picture, level, tile), mattes.get(level, tile), manner),
  };
}

const plain = (name: string, of: Picture): Source => ({
  name,
  grids: of.grids,
  finest: of.finest,
  make: (level, tile, to) => compose(to, coloursOf(of, level, tile), 255, { kind: "plain" }),
});

const coloursOf = (of: Picture, level: number, tile: number): Colours => of.tiles[level]?.[tile] ?? null;

/** Light on dark, so that it is seen on anything; dashed from where it is to where it began. */
function drawLine(on: Context, { line, view, density }: Shown): void {
  const at = ([x, y]: Point) => [(x * view.scale + view.x) * density, (y * view.scale + view.y) * density] as const;
  const first = at(line[0] as Point);
  const last = at(line[line.length - 1] as Point);
  on.lineJoin = "round";
  for (const [colour, width] of [
    ["rgb(0 0 0 / 70%)", 3],
    ["#fff", 1.25],
  ] as const) {
    on.strokeStyle = colour;
    on.lineWidth = width * density;
    on.setLineDash([]);
    on.beginPath();
    on.moveTo(...first);
    for (const point of line) on.lineTo(...at(point));
    on.stroke();
    on.setLineDash([4 * density, 4 * density]);
    on.beginPath();
    on.moveTo(...last);
    on.lineTo(...first);
    on.stroke();
  }
}

function within(on: Context, rect: Rect, draw: () => void): void {
  on.save();
  on.beginPath();
  on.rect(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top);
  on.clip();
  draw();
  on.restore();
}
