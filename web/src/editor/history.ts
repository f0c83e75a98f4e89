/** The edits of one photo, all of which can be undone. */

import type { Edit } from "../edits";

/** A step: something drawn, or everything taken back, which is a step that can be undone as well. */
export type Step = { readonly kind: "edit"; readonly edit: Edit } | { readonly kind: "reset" };

export interface History {
  readonly steps: readonly Step[];
  /** So many of them are done; the rest was undone and can be redone. */
  readonly at: number;
}

export const EMPTY: History = { steps: [], at: 0 };

export const canUndo = (history: History): boolean => history.at > 0;

export const canRedo = (history: History): boolean => history.at < history.steps.length;

/** What is to be seen: the edits since the last reset, in order. */
export function applied(history: History): readonly Edit[] {
  const edits: Edit[] = [];
  for (let i = start(history); i < history.at; i++) {
    const step = history.steps[i];
    if (step?.kind === "edit") edits.push(step.edit);
  }
  return edits;
}

export const canReset = (history: History): boolean => history.at > 0 && history.steps[history.at - 1]?.kind === "edit";

/** One step more; what had been undone cannot be redone any more. */
export const add = (history: History, edit: Edit): History => push(history, { kind: "edit", edit });

export const reset = (history: History): History => (canReset(history) ? push(history, { kind: "reset" }) : history);

/** The last step taken back, or all steps of the last touch of the hand. */
export function undo(history: History): History {
  if (!canUndo(history)) return history;
  let at = history.at - 1;
  while (at > 0 && together(history, at - 1)) at--;
  return { ...history, at };
}

export function redo(history: History): History {
  if (!canRedo(history)) return history;
  let at = history.at + 1;
  while (at < history.steps.length && together(history, at - 1)) at++;
  return { ...history, at };
}

/** The edit that was made last, if nothing was undone since, so that it may be made otherwise. */
export function last(history: History): Edit | null {
  const step = history.steps[history.at - 1];
  return !canRedo(history) && step?.kind === "edit" ? step.edit : null;
}

/** The same with one edit made otherwise. */
export function replace(history: History, old: Edit, edit: Edit): History {
  const i = find(history, old);
  return i < 0 ? history : { ...history, steps: history.steps.with(i, { kind: "edit", edit }) };
}

/** As if an edit had never been made, wherever it is. */
export function drop(history: History, edit: Edit): History {
  const i = find(history, edit);
  if (i < 0) return history;
  return { steps: history.steps.toSpliced(i, 1), at: i < history.at ? history.at - 1 : history.at };
}

function push(history: History, step: Step): History {
  const steps = history.steps.slice(0, history.at);
  steps.push(step);
  return { steps, at: steps.length };
}

/** Where the edits that are to be seen begin. */
function start(history: History): number {
  for (let i = history.at; i > 0; i--) if (history.steps[i - 1]?.kind === "reset") return i;
  return 0;
}

const find = (history: History, edit: Edit): number =>
  history.steps.findLastIndex((step) => step.kind === "edit" && step.edit === edit);

/** Whether the step at i and the next one are pieces of one touch. */
function together(history: History, i: number): boolean {
  const group = groupOf(history.steps[i]);
  return group !== undefined && group === groupOf(history.steps[i + 1]);
}

const groupOf = (step: Step | undefined): number | undefined =>
  step?.kind === "edit" && step.edit.kind === "brush" ? step.edit.group : undefined;
