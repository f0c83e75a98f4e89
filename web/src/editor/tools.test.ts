import { describe, expect, test } from "vitest";
import {
  actionOf,
  type Dial,
  dialsOf,
  reduceTools,
  shareOf,
  TOOL_NAMES,
  type Tools,
  type ToolsAction,
  toolOf,
  tools,
  valueAt,
} from "./tools";

const done = (state: Tools, ...actions: readonly ToolsAction[]): Tools => actions.reduce(reduceTools, state);
const PHOTO = tools(4000, 3000);

describe("the tool in hand", () => {
  test("restore and erase are the two sides of one brush", () => {
    const erase = done(PHOTO, { kind: "swap" });
    expect(erase.name).toBe("erase");
    expect(done(erase, { kind: "swap" })).toEqual(PHOTO);
    expect(done(PHOTO, { kind: "act", action: "remove" }).name).toBe("erase");
  });

  test("lasso and point each remember what they did last", () => {
    const state = done(PHOTO, { kind: "choose", name: "lasso" }, { kind: "swap" }, { kind: "choose", name: "point" });
    expect(actionOf(state)).toBe("add");
    const back = done(state, { kind: "act", action: "remove" }, { kind: "choose", name: "restore" });
    expect(actionOf(done(back, { kind: "choose", name: "lasso" }))).toBe("remove");
    expect(actionOf(done(back, { kind: "choose", name: "point" }))).toBe("remove");
    expect(actionOf(back)).toBe("add");
  });

  test("a hand has nothing to swap", () => {
    const hand = done(PHOTO, { kind: "choose", name: "hand" });
    expect(done(hand, { kind: "swap" }, { kind: "act", action: "remove" })).toEqual(hand);
    expect(actionOf(hand)).toBeNull();
  });

  test("is told to the stage with what belongs to it, the brush by its radius", () => {
    const set = done(
      PHOTO,
      { kind: "set", dial: "size", value: 90 },
      { kind: "set", dial: "hardness", value: 0.25 },
      { kind: "set", dial: "opacity", value: 0.5 },
      { kind: "set", dial: "reach", value: 0.7 },
    );
    const named = (name: Tools["name"]) => toolOf(done(set, { kind: "choose", name }));
    expect(named("restore")).toEqual({ kind: "brush", action: "add", radius: 45, hardness: 0.25, opacity: 0.5 });
    expect(named("erase")).toEqual({ kind: "brush", action: "remove", radius: 45, hardness: 0.25, opacity: 0.5 });
    expect(named("lasso")).toEqual({ kind: "lasso", action: "add" });
    expect(named("point")).toEqual({ kind: "grow", action: "add", reach: 0.7 });
    expect(named("hand")).toEqual({ kind: "hand" });
  });

  test("shows the sliders that change what it does, and no others", () => {
    const base = done(PHOTO, { kind: "set", dial: "opacity", value: 0.3 });
    for (const name of TOOL_NAMES) {
      const state = done(base, { kind: "choose", name });
      const changing = (["size", "hardness", "opacity", "reach"] as const).filter((dial) => {
        const turned = done(state, { kind: "set", dial, value: dial === "size" ? 7 : 0.123 });
        return JSON.stringify(toolOf(turned)) !== JSON.stringify(toolOf(state));
      });
      expect(dialsOf(name)).toEqual(changing);
    }
  });
});

describe("sizes", () => {
  test("go from one pixel to half the photo, by their ratio", () => {
    expect(valueAt(PHOTO, "size", 0)).toBe(1);
    expect(valueAt(PHOTO, "size", 1)).toBeCloseTo(2000);
    const [a, b, c] = [0.2, 0.5, 0.8].map((share) => valueAt(PHOTO, "size", share)) as [number, number, number];
    expect(b / a).toBeCloseTo(c / b);
  });

  test("the slider stands where it was put", () => {
    for (let share = 0; share <= 1; share += 0.05) {
      const state = done(PHOTO, { kind: "set", dial: "size", value: valueAt(PHOTO, "size", share) });
      expect(Math.abs(shareOf(state, "size") - share)).toBeLessThan(0.02);
    }
  });

  test("keys reach both ends, and each press changes something until there", () => {
    for (const by of [1, -1] as const) {
      let state = PHOTO;
      for (let presses = 0; state.size !== (by > 0 ? 2000 : 1); presses++) {
        const next = done(state, { kind: "step", dial: "size", by });
        expect(Math.sign(next.size - state.size)).toBe(by);
        expect(presses).toBeLessThan(60);
        state = next;
      }
      expect(done(state, { kind: "step", dial: "size", by })).toEqual(state);
    }
  });

  test("the arrow keys of a slider of a hundred steps never stick", () => {
    let state = done(PHOTO, { kind: "set", dial: "size", value: 1 });
    for (let step = 1; step <= 100; step++) {
      const next = done(state, { kind: "set", dial: "size", value: valueAt(state, "size", step / 100) });
      expect(next.size).toBeGreaterThan(state.size);
      state = next;
    }
  });

  test("another photo brings its own; the same one changes nothing", () => {
    const set = done(PHOTO, { kind: "set", dial: "size", value: 1500 }, { kind: "choose", name: "lasso" });
    const small = done(set, { kind: "photo", width: 300, height: 400 });
    expect(small.largest).toBe(200);
    expect(small.size).toBeLessThan(small.largest);
    expect(small.name).toBe("lasso");
    expect(done(set, { kind: "photo", width: 4000, height: 3000 })).toBe(set);
  });

  test("a photo of one pixel has a brush as well", () => {
    const state = tools(1, 1);
    expect(shareOf(state, "size")).toBe(0);
    expect(toolOf(state)).toMatchObject({ radius: 0.5 });
  });
});

test("the other dials stay between their ends, and opacity above nothing", () => {
  const turned = (dial: Dial, value: number) => done(PHOTO, { kind: "set", dial, value })[dial];
  expect(turned("hardness", 1.4)).toBe(1);
  expect(turned("hardness", -0.1)).toBe(0);
  expect(turned("opacity", 0)).toBe(0.01);
  expect(turned("reach", 0)).toBe(0);
  expect(
    done(PHOTO, { kind: "step", dial: "hardness", by: 1 }, { kind: "step", dial: "hardness", by: -1 }).hardness,
  ).toBe(0.75);
});
