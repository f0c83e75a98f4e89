/** The brush's size below the pointer: drawn by the page itself, so that it is where the pointer is. */

import type { Point } from "../edits";
import type { Tool, View } from "./contract";

// Smaller than that, in CSS pixels across, it says less than a cross.
const LEAST = 6;

export class Ring {
  readonly element = document.createElement("div");
  private readonly core = document.createElement("div");
  private sized = "";

  constructor() {
    this.element.className = "stage-ring";
    this.core.className = "stage-ring-core";
    this.element.hidden = true;
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.core);
  }

  /** Around a place of the stage; hidden for tools that have no size. Whether it is to be seen. */
  show(tool: Tool, view: View, place: Point | null, share = 1): boolean {
    const across = tool.kind === "brush" ? 2 * tool.radius * share * view.scale : 0;
    const seen = place !== null && across >= LEAST;
    if (this.element.hidden === seen) this.element.hidden = !seen;
    if (!seen || tool.kind !== "brush") return false;
    this.element.style.transform = `translate(${place[0] - across / 2}px, ${place[1] - across / 2}px)`;
    const sized = `${across} ${tool.hardness}`;
    if (sized === this.sized) return true;
    this.sized = sized;
    const core = across * tool.hardness;
    this.element.style.width = this.element.style.height = `${across}px`;
    this.core.style.width = this.core.style.height = `${core}px`;
    // Where both rings touch, one of them is enough.
    this.core.hidden = core < LEAST || across - core < LEAST;
    return true;
  }
}
