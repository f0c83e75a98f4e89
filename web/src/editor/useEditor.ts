/** The editor of one photo: its state, and what is done to the history of edits. */

import { useEffect, useMemo, useRef, useState } from "react";
import type { Edit, GrowEdit } from "../edits";
import type { Behind, Overlay, Scene } from "../stage/contract";
import type { Editor, EditorOptions } from "./contract";
import { add, applied, type History, last, replace } from "./history";
import { down, HIDDEN, up } from "./original";
import { sceneOf } from "./scene";
import { reduceTools, type Tools, type ToolsAction, tools as toolsFor } from "./tools";
import { useReaches } from "./useReaches";

// A slider that is dragged asks for the coverage once it rests.
const REST_MS = 250;

/** Lives as long as the photo is shown, so that tools and coverage outlast the panel. */
export function useEditor(options: EditorOptions): Editor {
  const { size, history, editing } = options;
  const tools = useTools(options);
  const [overlay, setOverlay] = useState<Overlay>("colour");
  const [original, setOriginal] = useState(HIDDEN);
  const edits = useMemo(() => applied(history), [history]);
  const change = useHistory(options);
  const reaches = useReaches({ ...options, edits, change });
  const known = reaches.reaches;
  const retune = useRetune(change, reaches.drawn);
  const onOriginal = (isDown: boolean) => {
    const now = performance.now();
    setOriginal((before) => (isDown ? down(before, now) : up(before, now)));
  };

  useEffect(() => {
    if (!editing) setOriginal(HIDDEN);
  }, [editing]);

  function onTools(action: ToolsAction): void {
    const next = reduceTools(tools, action);
    options.onTools(next);
    if (tools.name === "point" && next.reach !== tools.reach) retune(next.reach);
  }

  function onEdit(edit: Edit): void {
    // Drawn while the picture is already being made: the stage lets it vanish.
    if (!editing) return;
    if (edit.kind === "grow") reaches.drawn(edit, null);
    change((before) => add(before, edit));
  }

  const state = useMemo(() => ({ tools, overlay, original: original.shown }), [tools, overlay, original.shown]);
  const scene = useMemo(() => remembered((behind) => sceneOf(state, edits, known, behind)), [state, edits, known]);
  return {
    state,
    size,
    history,
    edits,
    growing: reaches.growing,
    growProblem: reaches.problem,
    retryGrow: reaches.retry,
    dismissGrow: reaches.dismiss,
    scene,
    onEdit,
    onReached: reaches.seen,
    isDrawing: () => options.stage.current?.isDown() ?? false,
    giveUp: () => options.stage.current?.cancel(),
    onTools,
    onOverlay: setOverlay,
    onOriginal,
    onHistory: (next) => change(() => next),
  };
}

/** The tools as far as they fit the photo, whose size may be told late. */
function useTools({ tools, size: { width, height } }: EditorOptions): Tools {
  return useMemo(
    () => (tools ? reduceTools(tools, { kind: "photo", width, height }) : toolsFor(width, height)),
    [tools, width, height],
  );
}

/** Changes of the history one after the other, also several before the page is drawn anew, or long after it was. */
function useHistory({ history, onHistory }: EditorOptions): (how: (history: History) => History) => void {
  const latest = useRef(history);
  latest.current = history;
  return (how) => {
    const next = how(latest.current);
    if (next === latest.current) return;
    latest.current = next;
    onHistory(next);
  };
}

/** Right after a point was set, its reach can still be changed: it is made anew in its place. */
function useRetune(
  change: (how: (history: History) => History) => void,
  drawn: (edit: GrowEdit, instead: GrowEdit) => void,
): (reach: number) => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (reach) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      change((history) => {
        const edit = last(history);
        if (edit?.kind !== "grow" || edit.reach === reach) return history;
        const other = { ...edit, reach };
        drawn(other, edit);
        return replace(history, edit, other);
      });
    }, REST_MS);
  };
}

/** The same scene as long as nothing of it has changed, so that the stage need not look. */
function remembered(make: (behind: Behind) => Scene): (behind: Behind) => Scene {
  let last: { readonly behind: Behind; readonly scene: Scene } | null = null;
  return (behind) => {
    if (last?.behind !== behind) last = { behind, scene: make(behind) };
    return last.scene;
  };
}
