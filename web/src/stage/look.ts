/** The page's colours, for a worker that knows no style sheets. */

import type { Look } from "./messages";

/** As they are for an element now. */
export function readLook(element: HTMLElement): Look {
  const style = getComputedStyle(element);
  const colour = (name: string, other: string) => style.getPropertyValue(name).trim() || other;
  return {
    checkA: colour("--check-a", "#fff"),
    checkB: colour("--check-b", "#ddd"),
    removed: rgb(colour("--danger", "#a3271c")),
  };
}

/** A colour of any notation as numbers. */
function rgb(colour: string): readonly [number, number, number] {
  const on = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!on) return [163, 39, 28];
  on.fillStyle = colour;
  on.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = on.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}
