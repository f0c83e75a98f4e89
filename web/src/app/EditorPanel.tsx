import { useEffect, useMemo, useRef, useState } from "react";
import { Button } from "../controls/Button";
import { Choice } from "../controls/Choice";
import { OVERLAYS, resetCommand } from "../editor/commands";
import type { EditorPanelProps } from "../editor/contract";
import { EdgesLater, EditorNotes } from "../editor/EditorNotes";
import { CommandButton, HistoryButtons } from "../editor/HistoryButtons";
import { applied } from "../editor/history";
import { ActionChoice, Dials, ToolChoice } from "../editor/Toolbox";
import { fullness } from "../editor/wire";
import { en } from "../text/en";
import { Unkept } from "./Unkept";
import "../editor/editor.css";

const OVERLAY_OPTIONS = OVERLAYS.map((value) => ({ value, label: en.editor.overlays[value] }));

/** The tools beside the photo, or below it where the screen is narrow. */
export function EditorPanel({ editor, from, edges, busy, problem, kept, onDone, onCancel }: EditorPanelProps) {
  const [question, setQuestion] = useState<"none" | "asked" | "answered">("none");
  const [open, setOpen] = useState(false);
  const { name } = editor.state.tools;
  const { edits, size } = editor;
  const before = useMemo(() => applied(from), [from]);
  const { share, limit } = useMemo(() => fullness(edits, size.width, size.height), [edits, size.width, size.height]);

  // What opened it is gone, and with it the focus.
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.querySelector<HTMLElement>("input:checked")?.focus({ preventScroll: true }), []);

  return (
    <section className="editor" ref={section} aria-label={en.editor.label}>
      <div className="editor-tools" inert={busy}>
        <ToolChoice editor={editor} />
        <p className="hint editor-hint">{en.editor.hints[name]}</p>
        <div className="editor-main">
          <ActionChoice editor={editor} />
          <Dials editor={editor} from={0} to={1} />
        </div>
        <div className={`editor-more${open ? " editor-more-open" : ""}`} id="editor-more">
          <Dials editor={editor} from={1} />
          <Choice
            label={en.editor.overlayLabel}
            shown
            value={editor.state.overlay}
            options={OVERLAY_OPTIONS}
            onChange={editor.onOverlay}
          />
          <CommandButton editor={editor} command={resetCommand} />
        </div>
      </div>
      <div className="editor-foot">
        <EdgesLater edges={edges} />
        <EditorNotes editor={editor} busy={busy} problem={problem} share={share} limit={limit} />
        {question === "asked" ? (
          <Discard onDiscard={onCancel} onStay={() => setQuestion("answered")} />
        ) : (
          <div className="editor-end">
            <div className="editor-steps" inert={busy}>
              <HistoryButtons editor={editor} />
              <Button
                bare
                look="quiet"
                icon="settings"
                aria-expanded={open}
                aria-controls="editor-more"
                onClick={() => setOpen(!open)}
              >
                {en.settings.more}
              </Button>
            </div>
            <Button
              ref={question === "answered" ? focused : null}
              onClick={() => (same(edits, before) ? onCancel() : setQuestion("asked"))}
            >
              {en.editor.cancel}
            </Button>
            <Button look="primary" aria-disabled={busy || share > 1} onClick={() => !busy && share <= 1 && onDone()}>
              {en.editor.done}
            </Button>
          </div>
        )}
        <Unkept kept={kept} />
      </div>
    </section>
  );
}

interface DiscardProps {
  readonly onDiscard: () => void;
  readonly onStay: () => void;
}

/**
 * Asked where Cancel was, so that nothing covers the picture that it is about. Right there lies what loses nothing: the
 * second press of a double click is none to discard.
 */
function Discard({ onDiscard, onStay }: DiscardProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it holds no fields, and stands in no form.
    <div
      className="editor-end editor-question"
      role="group"
      aria-label={en.editor.discardTitle}
      onKeyDown={(event) => event.key === "Escape" && onStay()}
    >
      <p>{en.editor.discardTitle}</p>
      {/* Where the page itself scrolls this may lie there all the same. */}
      <Button onClick={({ detail }) => detail < 2 && onDiscard()}>{en.editor.discard}</Button>
      <Button look="primary" ref={focused} onClick={onStay}>
        {en.editor.keepEditing}
      </Button>
    </div>
  );
}

const focused = (button: HTMLButtonElement | null): void => button?.focus();

const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);
