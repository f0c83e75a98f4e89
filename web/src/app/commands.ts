/** What can be done on the screen of one photo, beside drawing. */

import type { Dispatch, RefObject } from "react";
import type { Command } from "../commands/command";
import type { StageHandle } from "../stage/contract";
import { en } from "../text/en";
import type { Act, State } from "./state";

/** What the commands work on. */
export interface PhotoContext {
  readonly state: State;
  readonly dispatch: Dispatch<Act>;
  readonly stage: RefObject<StageHandle | null>;
  /** The picture as it is wanted is ready. */
  readonly ready: boolean;
  /** The focus is on the picture, or on nothing. */
  readonly onStage: () => boolean;
  download(): void;
  copy(): void;
  /** Begins with other photos. */
  choose(files: readonly File[]): void;
  leave(): void;
  askForKey(): void;
}

type PhotoCommand = Command<PhotoContext>;

const text = en.result;

/** How far a key moves the picture, in pixels of the screen. */
const PAN = 64;

const hasStage = ({ state }: PhotoContext): boolean => state.shown.photo !== null;
const viewing = ({ state }: PhotoContext): boolean => state.editing === "off";

/** The command that opens the editor. */
export const edit: PhotoCommand = {
  id: "edit",
  label: text.edit,
  icon: "edit",
  keys: ["E"],
  enabled: (context) => viewing(context) && context.state.shown.photo !== null && context.state.shown.matte !== null,
  perform: ({ dispatch }) => dispatch({ type: "edit" }),
};

export const compare: PhotoCommand = {
  id: "compare",
  label: text.compare,
  icon: "compare",
  keys: ["C"],
  enabled: (context) => viewing(context) && context.state.shown.photo !== null && context.state.shown.cutout !== null,
  perform: ({ state, dispatch }) => dispatch({ type: "compare", at: state.compare === null ? 0.5 : null }),
};

export const newPhoto: PhotoCommand = {
  id: "new",
  label: text.newPhoto,
  icon: "add",
  keys: ["N"],
  enabled: viewing,
  perform: ({ leave }) => leave(),
};

export const copy: PhotoCommand = {
  id: "copy",
  label: text.copy,
  icon: "copy",
  keys: ["Mod+C"],
  // What somebody has marked in the page's text is what they want to copy.
  enabled: (context) => viewing(context) && context.ready && (getSelection()?.isCollapsed ?? true),
  perform: (context) => context.copy(),
};

const download: PhotoCommand = {
  id: "download",
  label: text.download,
  icon: "download",
  keys: ["Mod+S"],
  // Taken in any case: the browser would save the page itself.
  enabled: () => true,
  perform: (context) => viewing(context) && context.ready && context.download(),
};

const cancel: PhotoCommand = {
  id: "cancel",
  label: text.cancel,
  keys: ["Escape"],
  enabled: ({ state }) => state.step !== null,
  perform: ({ dispatch }) => dispatch({ type: "stopped" }),
};

/** How the picture is looked at, in the order of the toolbar. */
export const views: readonly PhotoCommand[] = [
  { id: "zoom-out", label: text.zoomOut, icon: "zoomOut", keys: ["-"], enabled: hasStage, perform: zoom(1 / 1.5) },
  { id: "zoom-in", label: text.zoomIn, icon: "zoomIn", keys: ["+", "="], enabled: hasStage, perform: zoom(1.5) },
  {
    id: "fit",
    label: text.fit,
    icon: "fit",
    keys: ["F"],
    enabled: hasStage,
    perform: ({ stage }) => stage.current?.fit(),
  },
  {
    id: "actual-size",
    label: text.actualSize,
    icon: "actual",
    keys: ["A"],
    enabled: hasStage,
    perform: ({ stage }) => stage.current?.actualSize(),
  },
];

const pans: readonly PhotoCommand[] = [
  panning("left", "ArrowLeft", PAN, 0),
  panning("right", "ArrowRight", -PAN, 0),
  panning("up", "ArrowUp", 0, PAN),
  panning("down", "ArrowDown", 0, -PAN),
];

/** All of them. */
export const photoCommands: readonly PhotoCommand[] = [
  download,
  copy,
  edit,
  compare,
  newPhoto,
  cancel,
  ...views,
  ...pans,
];

function zoom(factor: number): (context: PhotoContext) => void {
  return ({ stage }) => stage.current?.zoom(factor);
}

function panning(to: keyof typeof text.pan, key: string, dx: number, dy: number): PhotoCommand {
  return {
    id: `pan-${to}`,
    label: text.pan[to],
    keys: [key],
    // While something is drawn, arrows move the crosshair.
    enabled: (context) => viewing(context) && hasStage(context) && context.onStage(),
    perform: ({ stage }) => stage.current?.pan(dx, dy),
  };
}
