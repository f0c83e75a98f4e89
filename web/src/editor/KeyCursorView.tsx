import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Tool, View } from "../stage/contract";
import { en } from "../text/en";
import { revealed } from "../viewport/view";
import type { KeyCursorProps } from "./contract";
import { type CursorEvent, type KeyCursor, NO_CURSOR, pressed, retooled } from "./keyCursor";
import { toolOf } from "./tools";
import "./editor.css";

// On the screen, so that what is around the crosshair is seen as well.
const MARGIN = 48;

const AS_IT_IS: View = { scale: 1, x: 0, y: 0 };

/** Drawing by keys, over the stage: the element that holds both has to be positioned, and as large as the stage. */
export function KeyCursorView(props: KeyCursorProps) {
  const { editor, view } = props;
  const root = useRef<HTMLDivElement>(null);
  const tool = toolOf(editor.state.tools);
  const { cursor, said } = useKeyCursor(props, tool, root);
  const { scale, x, y } = view ?? AS_IT_IS;
  const shown = cursor.at !== null && view !== null && tool.kind !== "hand";
  return (
    <div className="key-cursor" ref={root}>
      {shown && cursor.at && (
        <svg className="key-cursor-view" aria-hidden="true" focusable="false">
          <Lines points={cursor.corners.concat([cursor.at]).map(([px, py]) => `${px * scale + x},${py * scale + y}`)} />
          <Cross
            x={cursor.at[0] * scale + x}
            y={cursor.at[1] * scale + y}
            radius={tool.kind === "brush" ? tool.radius * scale : 0}
          />
        </svg>
      )}
      <p className="unseen" role="status">
        {said}
      </p>
    </div>
  );
}

/** The cursor's state, moved by keys that go to the stage. */
function useKeyCursor(props: KeyCursorProps, tool: Tool, root: { readonly current: HTMLElement | null }) {
  const [cursor, setCursor] = useState<KeyCursor>(NO_CURSOR);
  const [said, setSaid] = useState("");
  const now = useRef({ props, tool, cursor });
  now.current = { props, tool, cursor };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another kind of tool is what this is for.
  useEffect(() => setCursor(retooled), [tool.kind]);

  useLayoutEffect(() => {
    const frame = root.current?.parentElement;
    if (!frame) return;
    const onKey = (event: KeyboardEvent) => {
      const { props, tool, cursor } = now.current;
      const stage = props.stage.current;
      if (stage === null || event.defaultPrevented || isControl(event.target)) return;
      const { size: photo } = props.editor;
      const context = { tool, photo, scale: props.view?.scale ?? 1, centre: stage.centre() };
      const step = pressed(cursor, event, context);
      if (step === null) return;
      // Before the stage, which moves by the same keys, and the page's shortcuts.
      event.preventDefault();
      event.stopPropagation();
      now.current.cursor = step.cursor;
      setCursor(step.cursor);
      setSaid(words(step.event, step.cursor, props));
      if (step.event.kind === "edit") props.editor.onEdit(step.event.edit);
      else reveal(step.cursor, props, frame);
    };
    // Who draws by hand has no use for it.
    const onPointer = () => setCursor((before) => (before.at === null ? before : NO_CURSOR));
    frame.addEventListener("keydown", onKey, true);
    frame.addEventListener("pointerdown", onPointer, true);
    return () => {
      frame.removeEventListener("keydown", onKey, true);
      frame.removeEventListener("pointerdown", onPointer, true);
    };
  }, [root]);

  return { cursor, said };
}

/** Moves the photo so far that the crosshair is seen. */
function reveal({ at }: KeyCursor, { view, stage, editor }: KeyCursorProps, frame: HTMLElement): void {
  if (at === null || view === null) return;
  const room = { width: frame.clientWidth, height: frame.clientHeight };
  const wanted = revealed(view, at, MARGIN, editor.size, room);
  if (wanted !== view) stage.current?.pan(wanted.x - view.x, wanted.y - view.y);
}

function words(event: CursorEvent, { at }: KeyCursor, { editor }: KeyCursorProps): string {
  const text = en.editor.cursor;
  const { width, height } = editor.size;
  const place = at ? text.at(Math.round((at[0] / width) * 100), Math.round((at[1] / height) * 100)) : "";
  switch (event.kind) {
    case "moved":
      return place;
    case "cancelled":
    case "left":
      return text[event.kind];
    case "corner":
      return `${text.corner(event.count)} ${place}`;
    case "few":
      return text.few(event.count);
    case "edit":
      return `${(event.edit.kind === "brush" ? text.painted : text.filled)[event.edit.action]} ${place}`;
  }
}

/** Buttons and the like that stand on the stage need these keys themselves. */
const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("button, a, input, select, textarea") !== null;

/** Drawn twice, dark below light, so that it is seen on anything. */
function Lines({ points }: { readonly points: readonly string[] }) {
  if (points.length < 2) return null;
  return ["key-cursor-dark", "key-cursor-light"].map((look) => (
    <polyline key={look} className={look} points={points.join(" ")} />
  ));
}

function Cross({ x, y, radius }: { readonly x: number; readonly y: number; readonly radius: number }) {
  return ["key-cursor-dark", "key-cursor-light"].map((look) => (
    <g key={look} className={look} transform={`translate(${x} ${y})`}>
      <path d="M-16 0h10M6 0h10M0 -16v10M0 6v10" />
      {radius > 0 && <circle r={radius} />}
    </g>
  ));
}
