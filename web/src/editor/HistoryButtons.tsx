import { type MouseEvent, type PointerEvent, useRef } from "react";
import type { Command } from "../commands/command";
import { Button } from "../controls/Button";
import { originalCommand, redoCommand, undoCommand } from "./commands";
import type { Editor } from "./contract";
import { ariaKeys, tooltip } from "./keysOf";

interface Props {
  readonly editor: Editor;
}

/** Undo, redo, and the look at the original. */
export function HistoryButtons({ editor }: Props) {
  return (
    <>
      <CommandButton editor={editor} command={undoCommand} bare />
      <CommandButton editor={editor} command={redoCommand} bare />
      <div className="editor-original">
        <OriginalButton editor={editor} />
      </div>
    </>
  );
}

/** A command as a button. One that cannot be done now keeps the focus that it has. */
export function CommandButton({ editor, command, bare = false }: Props & { command: Command<Editor>; bare?: boolean }) {
  const enabled = command.enabled(editor);
  return (
    <Button
      {...(command.icon && { icon: command.icon })}
      bare={bare}
      look="quiet"
      title={tooltip(command)}
      aria-keyshortcuts={ariaKeys(command)}
      aria-disabled={!enabled}
      onClick={() => enabled && command.perform(editor)}
    >
      {command.label}
    </Button>
  );
}

// A pointer's click follows its release at once, where it comes at all.
const CLICK_MS = 500;

/** Held, it shows the photo as long as that; pressed once, by whatever means, until it is pressed again. */
function OriginalButton({ editor }: Props) {
  const released = useRef(Number.NEGATIVE_INFINITY);
  const press = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    editor.onOriginal(true);
  };
  const release = (event: PointerEvent) => {
    released.current = event.timeStamp;
    editor.onOriginal(false);
  };
  const click = (event: MouseEvent) => {
    if (event.detail > 0 && event.timeStamp - released.current < CLICK_MS) return;
    // No pointer has made it, but a key, or an assistive program.
    editor.onOriginal(true);
    editor.onOriginal(false);
  };
  return (
    <Button
      icon="eye"
      look="quiet"
      title={tooltip(originalCommand)}
      aria-keyshortcuts={ariaKeys(originalCommand)}
      aria-pressed={editor.state.original}
      onPointerDown={press}
      onLostPointerCapture={release}
      onContextMenu={(event) => event.preventDefault()}
      onClick={click}
    >
      {originalCommand.label}
    </Button>
  );
}
