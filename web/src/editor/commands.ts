/** Everything that the editor can do, for its toolbar, the keys and the list of shortcuts. */

import type { Command, CommandGroup } from "../commands/command";
import type { IconName } from "../look/Icon";
import type { Overlay } from "../stage/contract";
import { en } from "../text/en";
import type { Editor } from "./contract";
import { canRedo, canReset, canUndo, redo, reset, undo } from "./history";
import { actionOf, type Dial, dialsOf, TOOL_NAMES, type ToolName } from "./tools";

type EditorCommand = Command<Editor>;

export const OVERLAYS: readonly Overlay[] = ["none", "colour", "black"];

// B, E, L, H, X and the brackets as in other programs that paint; K and P both stand for the point that is kept.
const TOOL_KEYS: Readonly<Record<ToolName, readonly string[]>> = {
  restore: ["B"],
  erase: ["E"],
  lasso: ["L"],
  point: ["P", "K"],
  hand: ["H"],
};

export const TOOL_ICONS: Readonly<Record<ToolName, IconName>> = {
  restore: "brush",
  erase: "erase",
  lasso: "lasso",
  point: "point",
  hand: "hand",
};

const always = () => true;

/** Those of choosing a tool. */
export const toolCommands = Object.fromEntries(TOOL_NAMES.map((name) => [name, choosing(name)])) as unknown as Readonly<
  Record<ToolName, EditorCommand>
>;

export const undoCommand: EditorCommand = {
  id: "editor.undo",
  label: en.editor.undo,
  icon: "undo",
  keys: ["Mod+Z"],
  enabled: ({ history, isDrawing }) => isDrawing() || canUndo(history),
  // What is just being drawn is the last thing that was done.
  perform: ({ history, onHistory, isDrawing, giveUp }) => (isDrawing() ? giveUp() : onHistory(undo(history))),
};

export const redoCommand: EditorCommand = {
  id: "editor.redo",
  label: en.editor.redo,
  icon: "redo",
  keys: ["Shift+Mod+Z", "Mod+Y"],
  enabled: ({ history }) => canRedo(history),
  perform: ({ history, onHistory }) => onHistory(redo(history)),
};

export const resetCommand: EditorCommand = {
  id: "editor.reset",
  label: en.editor.reset,
  icon: "reset",
  keys: [],
  enabled: ({ history }) => canReset(history),
  perform: ({ history, onHistory }) => onHistory(reset(history)),
};

/** Held, or pressed once for those who cannot hold. */
export const originalCommand: EditorCommand = {
  id: "editor.original",
  label: en.editor.original,
  icon: "eye",
  keys: ["S"],
  enabled: always,
  perform: ({ onOriginal }) => onOriginal(true),
  release: ({ onOriginal }) => onOriginal(false),
};

export const overlayCommand: EditorCommand = {
  id: "editor.overlay",
  label: en.editor.overlayNext,
  keys: ["O"],
  enabled: always,
  perform: ({ state, onOverlay }) =>
    onOverlay(OVERLAYS[(OVERLAYS.indexOf(state.overlay) + 1) % OVERLAYS.length] as Overlay),
};

const giveUpCommand: EditorCommand = {
  id: "editor.give-up",
  label: en.editor.cursor.leave,
  keys: ["Escape"],
  enabled: ({ isDrawing }) => isDrawing(),
  perform: ({ giveUp }) => giveUp(),
};

const swapCommand: EditorCommand = {
  id: "editor.swap",
  label: en.editor.swap,
  keys: ["X"],
  enabled: ({ state }) => actionOf(state.tools) !== null,
  perform: ({ onTools }) => onTools({ kind: "swap" }),
};

const stepCommands: readonly EditorCommand[] = [
  stepping("size", -1, en.editor.smaller, ["["]),
  stepping("size", 1, en.editor.larger, ["]"]),
  // Where a keyboard writes { for it, that is what it says.
  stepping("hardness", -1, en.editor.softer, ["Shift+[", "{"]),
  stepping("hardness", 1, en.editor.harder, ["Shift+]", "}"]),
];

// 1 is a tenth, 0 is all of it.
const opacityCommands: readonly EditorCommand[] = Array.from({ length: 10 }, (_, digit) => ({
  id: `editor.opacity${digit}`,
  label: en.editor.opacityTo(digit === 0 ? 100 : digit * 10),
  keys: [String(digit)],
  enabled: has("opacity"),
  perform: ({ onTools }) => onTools({ kind: "set", dial: "opacity", value: digit === 0 ? 1 : digit / 10 }),
}));

const OTHERS: readonly EditorCommand[] = [...Object.values(toolCommands), swapCommand, ...stepCommands];

/** All of them. */
export const editorCommands: readonly EditorCommand[] = [
  ...OTHERS,
  ...opacityCommands,
  undoCommand,
  redoCommand,
  resetCommand,
  originalCommand,
  overlayCommand,
  giveUpCommand,
];

/** As the list of shortcuts shows them: the ten digits as one, and what the crosshair takes. */
export const editorGroup: CommandGroup = {
  label: en.editor.label,
  commands: [
    ...OTHERS,
    { id: "editor.opacity", label: en.editor.opacity, keys: ["1 … 0"] },
    undoCommand,
    redoCommand,
    { ...originalCommand, label: en.editor.originalHeld },
    overlayCommand,
    { id: "editor.cursor", label: en.editor.cursor.move, keys: ["ArrowLeft"] },
    { id: "editor.dab", label: en.editor.cursor.dab, keys: ["Space"] },
    { id: "editor.line", label: en.editor.cursor.line, keys: ["Shift+Space"] },
    { id: "editor.close", label: en.editor.cursor.close, keys: ["Enter"] },
    giveUpCommand,
  ],
};

function choosing(name: ToolName): EditorCommand {
  return {
    id: `editor.${name}`,
    label: en.editor.tools[name],
    icon: TOOL_ICONS[name],
    keys: TOOL_KEYS[name],
    enabled: always,
    perform: ({ onTools }) => onTools({ kind: "choose", name }),
  };
}

function stepping(dial: Dial, by: 1 | -1, label: string, keys: readonly string[]): EditorCommand {
  return {
    id: `editor.${dial}${by}`,
    label,
    keys,
    enabled: has(dial),
    perform: ({ onTools }) => onTools({ kind: "step", dial, by }),
  };
}

function has(dial: Dial): (editor: Editor) => boolean {
  return ({ state }) => dialsOf(state.tools.name).includes(dial);
}
