import { describe, expect, test } from "vitest";
import type { BrushEdit, Edit } from "../edits";
import {
  add,
  applied,
  canRedo,
  canReset,
  canUndo,
  drop,
  EMPTY,
  type History,
  last,
  redo,
  replace,
  reset,
  undo,
} from "./history";

const dab = (x: number, group?: number): Edit => {
  const edit: BrushEdit = { kind: "brush", action: "add", points: [[x, 0]], radius: 5, hardness: 1, opacity: 1 };
  return group === undefined ? edit : { ...edit, group };
};

const drawn = (...edits: readonly Edit[]): History => edits.reduce(add, EMPTY);

const times = (count: number, change: (history: History) => History, history: History): History => {
  let changed = history;
  for (let i = 0; i < count; i++) changed = change(changed);
  return changed;
};

describe("undo and redo", () => {
  const edits = [dab(1), dab(2), dab(3)];

  test("each step is taken back and done again in order", () => {
    const all = drawn(...edits);
    expect(applied(undo(all))).toEqual(edits.slice(0, 2));
    expect(applied(times(2, undo, all))).toEqual(edits.slice(0, 1));
    expect(applied(redo(times(2, undo, all)))).toEqual(edits.slice(0, 2));
    expect(applied(times(3, redo, times(3, undo, all)))).toEqual(edits);
  });

  test("the edits stay the same objects, so that the stage knows them again", () => {
    const again = applied(times(3, redo, times(3, undo, drawn(...edits))));
    for (const [i, edit] of again.entries()) expect(edit).toBe(edits[i]);
  });

  test("there is no end but the beginning", () => {
    const many = drawn(...Array.from({ length: 2000 }, (_, i) => dab(i)));
    const none = times(2000, undo, many);
    expect(applied(none)).toEqual([]);
    expect(canUndo(none)).toBe(false);
    expect(undo(none)).toBe(none);
    const all = times(2000, redo, none);
    expect(applied(all)).toEqual(applied(many));
    expect(canRedo(all)).toBe(false);
    expect(redo(all)).toBe(all);
  });

  test("a new step cuts off what had been undone", () => {
    const other = add(times(2, undo, drawn(...edits)), dab(9));
    expect(applied(other)).toEqual([edits[0], dab(9)]);
    expect(canRedo(other)).toBe(false);
  });

  test("a history that was is not changed by what follows", () => {
    const before = drawn(...edits);
    add(undo(before), dab(9));
    reset(before);
    drop(before, edits[0] as Edit);
    expect(applied(before)).toEqual(edits);
  });
});

describe("reset", () => {
  test("takes everything back, and is a step that can be undone", () => {
    const two = drawn(dab(1), dab(2));
    const none = reset(two);
    expect(applied(none)).toEqual([]);
    expect(applied(undo(none))).toEqual(applied(two));
    expect(applied(redo(undo(none)))).toEqual([]);
    expect(applied(add(none, dab(3)))).toEqual([dab(3)]);
  });

  test("there is nothing to reset where nothing is to be seen", () => {
    expect(reset(EMPTY)).toBe(EMPTY);
    const none = reset(drawn(dab(1)));
    expect(canReset(none)).toBe(false);
    expect(reset(none)).toBe(none);
    expect(canReset(undo(drawn(dab(1))))).toBe(false);
  });

  test("only the last one counts", () => {
    const twice = add(reset(add(reset(drawn(dab(1))), dab(2))), dab(3));
    expect(applied(twice)).toEqual([dab(3)]);
    expect(applied(times(2, undo, twice))).toEqual([dab(2)]);
  });
});

describe("pieces of one touch", () => {
  const history = drawn(dab(1), dab(2, 1), dab(3, 1), dab(4, 1), dab(5, 2), dab(6, 2), dab(7), dab(8));
  const counts = (change: (history: History) => History, from: History): number[] => {
    const seen: number[] = [];
    for (let at = change(from); ; at = change(at)) {
      seen.push(applied(at).length);
      if (change(at) === at) return seen;
    }
  };

  test("go and come back at once; edits without a group alone", () => {
    expect(counts(undo, history)).toEqual([7, 6, 4, 1, 0]);
    expect(counts(redo, times(5, undo, history))).toEqual([1, 4, 6, 7, 8]);
  });

  test("end at a reset between them", () => {
    const cut = add(reset(drawn(dab(1, 1))), dab(2, 1));
    expect(applied(undo(cut))).toEqual([]);
    expect(applied(times(2, undo, cut))).toHaveLength(1);
  });
});

describe("an edit made otherwise, or not at all", () => {
  const [first, second, third] = [dab(1), dab(2), dab(3)];
  const history = drawn(first, second, third);

  test("the last one is known unless something was undone or reset since", () => {
    expect(last(history)).toBe(third);
    expect(last(undo(history))).toBeNull();
    expect(last(reset(history))).toBeNull();
    expect(last(EMPTY)).toBeNull();
  });

  test("replaced in its place, as one step", () => {
    const other = replace(history, second, dab(9));
    expect(applied(other)).toEqual([first, dab(9), third]);
    expect(applied(times(2, undo, other))).toEqual([first]);
    expect(replace(history, dab(2), dab(9))).toBe(history);
  });

  test("dropped from what is done, and from what was undone", () => {
    expect(applied(drop(history, second))).toEqual([first, third]);
    expect(applied(drop(undo(history), third))).toEqual([first, second]);
    expect(applied(redo(drop(undo(history), third)))).toEqual([first, second]);
    expect(applied(redo(drop(undo(history), first)))).toEqual([second, third]);
    expect(drop(history, dab(1))).toBe(history);
  });
});

test("ten thousand steps cost what the last ones cost", () => {
  // A step that looked at each step before it, at some microseconds each, would take minutes.
  const begin = performance.now();
  let history = EMPTY;
  let seen = 0;
  for (let i = 0; i < 10_000; i++) {
    history = add(history, dab(i));
    seen += applied(history).length;
  }
  history = times(10_000, undo, history);
  expect(seen).toBe((10_000 * 10_001) / 2);
  expect(history.at).toBe(0);
  expect(performance.now() - begin).toBeLessThan(5000);
});
