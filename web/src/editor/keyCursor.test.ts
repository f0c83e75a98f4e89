import { describe, expect, test } from "vitest";
import type { Edit } from "../edits";
import type { Tool } from "../stage/contract";
import {
  type CursorContext,
  type CursorEvent,
  type CursorKey,
  type KeyCursor,
  NO_CURSOR,
  pressed,
  retooled,
} from "./keyCursor";

const BRUSH: Tool = { kind: "brush", action: "remove", radius: 20, hardness: 0.5, opacity: 0.9 };
const LASSO: Tool = { kind: "lasso", action: "add" };
const context = (tool: Tool, scale = 0.5): CursorContext => ({
  tool,
  photo: { width: 1000, height: 800 },
  scale,
  centre: [500.25, 400.75],
});

/** "Shift+ArrowLeft" as an event. */
function key(name: string): CursorKey {
  const parts = name.split("+");
  const held = (modifier: string) => parts.slice(0, -1).includes(modifier);
  const last = parts.at(-1) ?? "";
  return {
    key: last === "Space" ? " " : last,
    shiftKey: held("Shift"),
    altKey: held("Alt"),
    ctrlKey: held("Ctrl"),
    metaKey: held("Meta"),
  };
}

interface Played {
  readonly cursor: KeyCursor;
  readonly edits: readonly Edit[];
  readonly last: CursorEvent | null;
}

/** What comes of some keys, one after the other. */
function play(names: string, where: CursorContext, begin: KeyCursor = NO_CURSOR): Played {
  let played: Played = { cursor: begin, edits: [], last: null };
  for (const name of names.split(" ")) {
    const step = pressed(played.cursor, key(name), where);
    if (step === null) played = { ...played, last: null };
    else {
      const { cursor, event } = step;
      played = { cursor, last: event, edits: event.kind === "edit" ? [...played.edits, event.edit] : played.edits };
    }
  }
  return played;
}

describe("the crosshair", () => {
  test("appears in the middle of what is seen, at a pixel, and only by an arrow key", () => {
    expect(play("ArrowLeft", context(BRUSH)).cursor.at).toEqual([500.5, 400.5]);
    for (const name of ["Space", "Enter", "Escape", "Shift+Space"]) {
      expect(pressed(NO_CURSOR, key(name), context(BRUSH))).toBeNull();
    }
  });

  test("goes the same way on the screen at any scale, and never less than a pixel", () => {
    expect(play("ArrowUp ArrowRight", context(BRUSH, 0.5)).cursor.at).toEqual([516.5, 400.5]);
    expect(play("ArrowUp ArrowRight", context(BRUSH, 2)).cursor.at).toEqual([504.5, 400.5]);
    expect(play("ArrowUp ArrowRight", context(BRUSH, 32)).cursor.at).toEqual([501.5, 400.5]);
  });

  test("goes ten times as far with Shift, and one pixel with Alt", () => {
    expect(play("ArrowUp Shift+ArrowDown", context(BRUSH)).cursor.at).toEqual([500.5, 560.5]);
    expect(play("ArrowUp Alt+ArrowLeft Alt+ArrowUp", context(BRUSH)).cursor.at).toEqual([499.5, 399.5]);
  });

  test("stays on the photo", () => {
    const far = play(`ArrowUp${" Shift+ArrowRight".repeat(20)}${" Shift+ArrowDown".repeat(20)}`, context(BRUSH));
    expect(far.cursor.at).toEqual([999.5, 799.5]);
    const back = play(`${"Shift+ArrowLeft ".repeat(20)}ArrowUp`, context(BRUSH), far.cursor);
    expect(back.cursor.at?.[0]).toBe(0.5);
  });

  test("leaves other keys, and those of the browser, to others", () => {
    const shown = play("ArrowUp", context(BRUSH)).cursor;
    for (const name of ["Tab", "b", "Ctrl+ArrowLeft", "Meta+ArrowLeft", "Alt+Space", "Enter", "Ctrl+Enter"]) {
      expect(pressed(shown, key(name), context(BRUSH))).toBeNull();
    }
    expect(pressed(shown, key("ArrowLeft"), context({ kind: "hand" }))).toBeNull();
  });

  test("is left by Escape, which then is free for others", () => {
    const left = play("ArrowUp Space Escape", context(BRUSH));
    expect(left.cursor).toEqual(NO_CURSOR);
    expect(left.last).toEqual({ kind: "left" });
    expect(pressed(left.cursor, key("Escape"), context(BRUSH))).toBeNull();
  });
});

describe("drawing", () => {
  test("Space puts the brush down once, as it is set", () => {
    expect(play("ArrowUp Space", context(BRUSH)).edits).toEqual([{ ...BRUSH, points: [[500.5, 400.5]] }]);
  });

  test("Shift and Space draw on from where it was put down last", () => {
    const { edits } = play("ArrowUp Space ArrowRight Shift+Space ArrowDown Shift+Space", context(BRUSH));
    expect(edits.map((edit) => edit.kind === "brush" && edit.points)).toEqual([
      [[500.5, 400.5]],
      [
        [500.5, 400.5],
        [516.5, 400.5],
      ],
      [
        [516.5, 400.5],
        [516.5, 416.5],
      ],
    ]);
  });

  test("a line without a beginning is a dab", () => {
    expect(play("ArrowUp Shift+Space", context(BRUSH)).edits).toEqual([{ ...BRUSH, points: [[500.5, 400.5]] }]);
  });

  test("a point grows from the crosshair", () => {
    const tool: Tool = { kind: "grow", action: "add", reach: 0.4 };
    expect(play("ArrowUp Space", context(tool)).edits).toEqual([{ ...tool, point: [500.5, 400.5] }]);
  });
});

describe("a lasso", () => {
  const three = "ArrowUp Space ArrowRight Space ArrowDown Space";

  test("has the corners that were set, and is closed by Enter", () => {
    const { edits, cursor } = play(`${three} Enter`, context(LASSO));
    const points = [
      [500.5, 400.5],
      [516.5, 400.5],
      [516.5, 416.5],
    ];
    expect(edits).toEqual([{ kind: "lasso", action: "add", points, opacity: 1 }]);
    expect(cursor.corners).toEqual([]);
  });

  test("counts its corners, and is not closed with two", () => {
    const two = play("ArrowUp Space ArrowRight Space", context(LASSO));
    expect(two.last).toEqual({ kind: "corner", count: 2 });
    const closed = play("Enter", context(LASSO), two.cursor);
    expect(closed.last).toEqual({ kind: "few", count: 1 });
    expect(closed.edits).toEqual([]);
    expect(closed.cursor.corners).toHaveLength(2);
  });

  test("is given up by Escape, and by another tool; the crosshair stays", () => {
    const { cursor } = play(`${three} Escape`, context(LASSO));
    expect(cursor.corners).toEqual([]);
    expect(cursor.at).not.toBeNull();
    const other = retooled(play(three, context(LASSO)).cursor);
    expect(other.corners).toEqual([]);
    expect(other.at).toEqual([516.5, 416.5]);
    expect(retooled(other)).toBe(other);
  });
});
