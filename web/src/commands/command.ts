/** Commands: what the toolbar, the keys and the list of shortcuts all read. */

import type { IconName } from "../look/Icon";
import { workingKeys } from "./singleKeys";

/** Something that can be done, with all that is to be known of it. `C` is what it works on; void: it knows itself. */
export interface Command<C = void> {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** Keys such as `Mod+Z`, `Shift+ArrowLeft`, `?`; Mod is Ctrl, or Cmd on a Mac. The first one is shown. */
  readonly keys: readonly string[];
  enabled(context: C): boolean;
  perform(context: C): void;
  /** For what lasts as long as its key is held: what happens when it is let go. */
  release?(context: C): void;
}

/** What the list of shortcuts shows of a group of commands. */
export interface CommandGroup {
  readonly label: string;
  readonly commands: readonly Pick<Command<never>, "id" | "label" | "keys">[];
}

/** What a key event says, as far as it matters here. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Whether a key event is the one that `keys` names. Signs such as `?` may need Shift to be typed, on some keyboards only. */
export function matches(keys: string, event: Pressed): boolean {
  const parts = keys === "+" ? ["+"] : keys.split(/\+(?!$)/);
  const key = parts[parts.length - 1] ?? "";
  const wants = (modifier: string) => parts.slice(0, -1).includes(modifier);
  if (event.altKey !== wants("Alt")) return false;
  if ((event.ctrlKey || event.metaKey) !== wants("Mod")) return false;
  const typedByShift = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  if (event.shiftKey !== wants("Shift") && !(event.shiftKey && typedByShift)) return false;
  return event.key.toLowerCase() === (key === "Space" ? " " : key.toLowerCase());
}

/** The command that a key event asks for, whether it can be done now or not. `single`: single signs are shortcuts. */
export const commandFor = <C>(commands: readonly Command<C>[], event: Pressed, single = true): Command<C> | undefined =>
  commands.find((command) => workingKeys(command.keys, single).some((keys) => matches(keys, event)));

/** Commands that know what they work on. */
export const bound = <C>(commands: readonly Command<C>[], context: C): readonly Command[] =>
  commands.map((command) => {
    const { id, label, icon, keys } = command;
    return {
      id,
      label,
      keys,
      ...(icon && { icon }),
      enabled: () => command.enabled(context),
      perform: () => command.perform(context),
      ...(command.release && { release: () => command.release?.(context) }),
    };
  });

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** The parts of a shortcut as they are written on keys. */
export function shownKeys(keys: string, mac: boolean): readonly string[] {
  const parts = keys === "+" ? ["+"] : keys.split(/\+(?!$)/);
  return parts.map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    if (part === "Alt") return mac ? "⌥" : "Alt";
    if (part === "Shift") return mac ? "⇧" : "Shift";
    return SIGNS[part] ?? part;
  });
}
