/** Points that were made anew in place of others, and what becomes of them where that fails. */

import type { GrowEdit } from "../edits";
import { add, drop, type History, replace } from "./history";

/** What was set by hand since the page is there, and what each stood in place of; null: of nothing. */
export type Formers = Pick<WeakMap<GrowEdit, GrowEdit | null>, "get" | "has" | "set">;

/** The last one before it that stays: one whose coverage is known, or that was kept from before. */
export function formerOf(edit: GrowEdit, formers: Formers, isKnown: (edit: GrowEdit) => boolean): GrowEdit | null {
  let former = formers.get(edit) ?? null;
  while (former !== null && !isKnown(former) && formers.has(former)) former = formers.get(former) ?? null;
  return former;
}

/** As if it had not been made: the one before is there again. */
export const takeBack = (history: History, edit: GrowEdit, former: GrowEdit | null): History =>
  former ? replace(history, edit, former) : drop(history, edit);

/** It is there once more. */
export const putAgain = (history: History, edit: GrowEdit, former: GrowEdit | null): History =>
  former ? replace(history, former, edit) : add(history, edit);
