/**
 * Whether single signs are shortcuts: whoever dictates, or strikes keys by accident, switches them off. Keys with Ctrl
 * or Cmd stay, and those that no text has in it, such as arrows.
 */

import { useSyncExternalStore } from "react";

const NAME = "cleancut.single-keys";

const listeners = new Set<() => void>();
let on: boolean | null = null;

export function singleKeysOn(): boolean {
  on ??= kept() !== "off";
  return on;
}

/** Outlasts the page, unless the browser keeps nothing: then it holds until the page is left. */
export function setSingleKeys(wanted: boolean): void {
  on = wanted;
  try {
    if (wanted) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, "off");
  } catch {
    // It is remembered here.
  }
  for (const listener of listeners) listener();
}

/** The same for a component, which is shown anew when it changes. */
export const useSingleKeys = (): boolean => useSyncExternalStore(subscribe, singleKeysOn);

/** Whether keys, as a command names them, are one sign alone: a letter, a digit, a bracket. Shift makes another sign. */
export const isSingle = (keys: string): boolean => {
  const sign = keys.replace(/^Shift\+(?=.)/, "");
  return sign.length === 1;
};

/** Those of a command's keys that work at present. */
export const workingKeys = (keys: readonly string[], single: boolean): readonly string[] =>
  single ? keys : keys.filter((each) => !isSingle(each));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function kept(): string | null {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}
