import { describe, expect, test } from "vitest";
import { commandFor, type Pressed } from "../commands/command";
import type { Edit } from "../edits";
import type { Overlay } from "../stage/contract";
import { editorCommands } from "./commands";
import type { Editor } from "./contract";
import { add, applied, EMPTY, type History } from "./history";
import { ariaKeys, tooltip } from "./keysOf";
import { reduceTools, type ToolName, tools } from "./tools";

/** The event of a key such as "Shift+Mod+Z" or "{". */
function press(keys: string): Pressed {
  const parts = keys.split("+");
  const held = (name: string) => parts.slice(0, -1).includes(name);
  const key = parts.at(-1) ?? "";
  return { key, ctrlKey: held("Mod"), metaKey: false, shiftKey: held("Shift") || key === "{", altKey: held("Alt") };
}

/** As much of an editor as commands touch; it does what they tell it. */
function desk(name: ToolName = "restore", history: History = EMPTY) {
  let state = {
    tools: reduceTools(tools(2000, 1000), { kind: "choose", name }),
    overlay: "none" as Overlay,
    original: false,
  };
  let now = history;
  let drawing = false;
  const editor = () =>
    ({
      state,
      history: now,
      onTools: (action) => {
        state = { ...state, tools: reduceTools(state.tools, action) };
      },
      onHistory: (next) => {
        now = next;
      },
      onOverlay: (overlay) => {
        state = { ...state, overlay };
      },
      onOriginal: (original) => {
        state = { ...state, original };
      },
      isDrawing: () => drawing,
      giveUp: () => {
        drawing = false;
      },
    }) as Partial<Editor> as Editor;
  const find = (keys: string) =>
    commandFor(
      editorCommands.filter((each) => each.enabled(editor())),
      press(keys),
    );
  return {
    type: (...keys: readonly string[]) => {
      for (const each of keys) find(each)?.perform(editor());
    },
    release: (keys: string) => find(keys)?.release?.(editor()),
    can: (keys: string) => find(keys) !== undefined,
    tools: () => state.tools,
    view: () => state,
    edits: () => applied(now),
    draw: () => {
      drawing = true;
    },
    draws: () => drawing,
  };
}

const DAB: Edit = { kind: "brush", action: "add", points: [[1, 1]], radius: 5, hardness: 1, opacity: 1 };

describe("keys", () => {
  test("each belongs to one command", () => {
    for (const command of editorCommands) {
      for (const keys of command.keys) {
        // What Shift and a bracket write differs from keyboard to keyboard: none writes the bracket itself.
        if (/^Shift\+[[\]]$/.test(keys)) continue;
        expect(commandFor(editorCommands, press(keys))?.id).toBe(command.id);
      }
    }
    expect(new Set(editorCommands.map(({ id }) => id)).size).toBe(editorCommands.length);
  });

  test("choose tools, and swap what they do", () => {
    const at = desk();
    at.type("E");
    expect(at.tools().name).toBe("erase");
    at.type("X");
    expect(at.tools().name).toBe("restore");
    at.type("L", "X", "P", "B", "L");
    expect(at.tools()).toMatchObject({ name: "lasso", lasso: "remove", point: "add" });
    expect(desk("hand").can("X")).toBe(false);
  });

  test("set the brush, and nothing where there is none", () => {
    const at = desk();
    at.type("]", "]", "{", "3");
    expect(at.tools().size).toBeGreaterThan(80 * 1.5);
    expect(at.tools()).toMatchObject({ hardness: 0.55, opacity: 0.3 });
    at.type("0");
    expect(at.tools().opacity).toBe(1);
    for (const keys of ["[", "]", "{", "}", "5"]) expect(desk("lasso").can(keys)).toBe(false);
  });

  test("undo and redo, as far as there is something", () => {
    const at = desk("restore", add(add(EMPTY, DAB), DAB));
    expect(at.can("Mod+Y")).toBe(false);
    at.type("Mod+Z");
    expect(at.edits()).toHaveLength(1);
    at.type("Shift+Mod+Z");
    expect(at.edits()).toHaveLength(2);
    at.type("Mod+Z", "Mod+Z", "Mod+Z");
    expect(at.edits()).toHaveLength(0);
    expect(at.can("Mod+Z")).toBe(false);
    at.type("Mod+Y");
    expect(at.edits()).toHaveLength(1);
  });

  test("give up what is just being drawn, rather than undo what was drawn before it", () => {
    const at = desk("restore", add(EMPTY, DAB));
    for (const keys of ["Mod+Z", "Escape"]) {
      at.draw();
      at.type(keys);
      expect(at.draws()).toBe(false);
      expect(at.edits()).toHaveLength(1);
    }
    expect(at.can("Escape")).toBe(false);
    at.type("Mod+Z");
    expect(at.can("Mod+Z")).toBe(false);
    at.draw();
    expect(at.can("Mod+Z")).toBe(true);
  });

  test("show removed parts in each way in turn, and the original while held", () => {
    const at = desk();
    const seen = ["O", "O", "O"].map((keys) => {
      at.type(keys);
      return at.view().overlay;
    });
    expect(seen).toEqual(["colour", "black", "none"]);
    at.type("S");
    expect(at.view().original).toBe(true);
    at.release("S");
    expect(at.view().original).toBe(false);
  });
});

test("controls tell their keys as the keyboard has them", () => {
  const undo = { label: "Undo", keys: ["Mod+Z", "F2"] };
  expect(tooltip(undo, false)).toBe("Undo (Ctrl+Z)");
  expect(tooltip(undo, true)).toBe("Undo (⌘Z)");
  expect(ariaKeys(undo, false)).toBe("Control+Z F2");
  expect(ariaKeys(undo, true)).toBe("Meta+Z F2");
  expect(tooltip({ label: "Reset", keys: [] }, false)).toBe("Reset");
  expect(ariaKeys({ label: "Reset", keys: [] }, false)).toBeUndefined();
});
