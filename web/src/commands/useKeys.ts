import { useLayoutEffect, useRef } from "react";
import { type Command, commandFor } from "./command";
import { singleKeysOn } from "./singleKeys";

/** Has the keys do what commands say, but for keys that what has the focus needs itself. */
export function useKeys(commands: readonly Command[]): void {
  const latest = useRef(commands);
  const held = useRef(new Map<string, Command>());
  // Before the page is painted: what can be seen can be used.
  useLayoutEffect(() => {
    latest.current = commands;
  }, [commands]);

  useLayoutEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
      if (belongsToFocus(event)) return;
      const command = commandFor(
        latest.current.filter((each) => each.enabled()),
        event,
        singleKeysOn(),
      );
      if (!command) return;
      event.preventDefault();
      if (command.release) {
        if (event.repeat || held.current.has(event.code)) return;
        held.current.set(event.code, command);
      }
      command.perform();
    };
    const up = (event: KeyboardEvent) => {
      const command = held.current.get(event.code);
      held.current.delete(event.code);
      if (command) current(latest.current, command).release?.();
    };
    // Of a key that is let go elsewhere nobody tells.
    const away = () => {
      for (const command of held.current.values()) current(latest.current, command).release?.();
      held.current.clear();
    };
    addEventListener("keydown", down);
    addEventListener("keyup", up);
    addEventListener("blur", away);
    return () => {
      removeEventListener("keydown", down);
      removeEventListener("keyup", up);
      removeEventListener("blur", away);
    };
  }, []);
}

const current = (commands: readonly Command[], command: Command): Command =>
  commands.find((each) => each.id === command.id) ?? command;

const PRESSES = new Set([" ", "Enter"]);

/** Whether a key means something to the control that has the focus. */
function belongsToFocus(event: KeyboardEvent): boolean {
  const focus = event.target;
  if (!(focus instanceof HTMLElement)) return false;
  const tag = focus.tagName;
  const kind = focus instanceof HTMLInputElement ? focus.type : "";
  const types = tag === "TEXTAREA" || focus.isContentEditable || (tag === "INPUT" && !UNTYPED.has(kind));
  if (types) return true;
  if (event.ctrlKey || event.metaKey) return false;
  if (PRESSES.has(event.key)) return /^(BUTTON|A|SUMMARY|SELECT|INPUT)$/.test(tag) || focus.role === "slider";
  // Arrows move what is chosen or set; letters find an entry of a list.
  const moves = /^(Arrow|Page|Home|End)/.test(event.key);
  return tag === "SELECT" || (moves && (tag === "INPUT" || focus.role === "slider"));
}

const UNTYPED = new Set(["range", "radio", "checkbox", "color", "file", "button"]);
