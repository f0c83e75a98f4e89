/** Which tool is in hand, and how it is set. */

import type { Action } from "../edits";
import type { Tool } from "../stage/contract";

export const TOOL_NAMES = ["restore", "erase", "lasso", "point", "hand"] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** What a slider sets. */
export type Dial = "size" | "hardness" | "opacity" | "reach";

export interface Tools {
  readonly name: ToolName;
  /** What the lasso and the point did last; the brushes are two tools. */
  readonly lasso: Action;
  readonly point: Action;
  /** The brush's diameter, in pixels of the photo. */
  readonly size: number;
  /** 0..1, as the other dials. */
  readonly hardness: number;
  readonly opacity: number;
  readonly reach: number;
  /** No brush of this photo is larger. */
  readonly largest: number;
}

export type ToolsAction =
  | { readonly kind: "choose"; readonly name: ToolName }
  /** Restore ↔ erase, keep ↔ remove. */
  | { readonly kind: "swap" }
  | { readonly kind: "act"; readonly action: Action }
  | { readonly kind: "set"; readonly dial: Dial; readonly value: number }
  /** A step up or down, by a key. */
  | { readonly kind: "step"; readonly dial: Dial; readonly by: 1 | -1 }
  /** Another photo: what is set stays, as far as it fits. */
  | { readonly kind: "photo"; readonly width: number; readonly height: number };

const SMALLEST = 1;

// Of a brush's size at a step; three of them nearly double it.
const STEP = 1.25;

/** The tools as they lie there first. */
export function tools(width: number, height: number): Tools {
  const side = Math.max(width, height);
  const largest = Math.max(4, Math.round(side / 2));
  return {
    name: "restore",
    lasso: "add",
    point: "add",
    // A twenty-fifth of the photo: about a finger's breadth where it fills a phone.
    size: fitted(side / 25, largest),
    hardness: 0.8,
    opacity: 1,
    reach: 0.5,
    largest,
  };
}

export function reduceTools(state: Tools, action: ToolsAction): Tools {
  switch (action.kind) {
    case "choose":
      return { ...state, name: action.name };
    case "swap":
      return act(state, actionOf(state) === "add" ? "remove" : "add");
    case "act":
      return act(state, action.action);
    case "set":
      return set(state, action.dial, action.value);
    case "step":
      return set(state, action.dial, stepped(state, action.dial, action.by));
    case "photo": {
      const fresh = tools(action.width, action.height);
      return fresh.largest === state.largest ? state : { ...state, size: fresh.size, largest: fresh.largest };
    }
  }
}

/** What the tool in hand does to the matte; null: nothing. */
export function actionOf(state: Tools): Action | null {
  switch (state.name) {
    case "restore":
      return "add";
    case "erase":
      return "remove";
    case "hand":
      return null;
    default:
      return state[state.name];
  }
}

/** The sliders that the tool in hand has. */
export function dialsOf(name: ToolName): readonly Dial[] {
  if (name === "point") return ["reach"];
  return name === "restore" || name === "erase" ? ["size", "hardness", "opacity"] : [];
}

/** The tool in hand, as the stage wants it. */
export function toolOf(state: Tools): Tool {
  const action = actionOf(state);
  if (action === null) return { kind: "hand" };
  if (state.name === "lasso") return { kind: "lasso", action };
  if (state.name === "point") return { kind: "grow", action, reach: state.reach };
  return { kind: "brush", action, radius: state.size / 2, hardness: state.hardness, opacity: state.opacity };
}

/** Where a dial's slider stands, 0..1. Sizes are told apart by their ratio: as much way from 2 to 4 as from 200 to 400. */
export const shareOf = (state: Tools, dial: Dial): number =>
  dial === "size" ? Math.log(state.size / SMALLEST) / Math.log(state.largest / SMALLEST) : state[dial];

/** The value of a dial whose slider stands there. */
export const valueAt = (state: Tools, dial: Dial, share: number): number =>
  dial === "size" ? SMALLEST * (state.largest / SMALLEST) ** share : share;

function act(state: Tools, action: Action): Tools {
  switch (state.name) {
    case "hand":
      return state;
    case "lasso":
      return { ...state, lasso: action };
    case "point":
      return { ...state, point: action };
    default:
      return { ...state, name: action === "add" ? "restore" : "erase" };
  }
}

function set(state: Tools, dial: Dial, value: number): Tools {
  if (dial === "size") return { ...state, size: fitted(value, state.largest) };
  // A brush of no opacity paints nothing, and nobody sees why.
  const least = dial === "opacity" ? 0.01 : 0;
  return { ...state, [dial]: Math.min(1, Math.max(least, Math.round(value * 100) / 100)) };
}

function stepped(state: Tools, dial: Dial, by: 1 | -1): number {
  if (dial === "size") return by > 0 ? Math.max(state.size * STEP, state.size + 1) : state.size / STEP;
  return state[dial] + by * (dial === "hardness" ? 0.25 : 0.1);
}

// Three digits say more than a hand can tell apart, and never hold the slider's next step back.
const fitted = (size: number, largest: number): number =>
  Number(Math.min(largest, Math.max(SMALLEST, size)).toPrecision(3));
