/** Asking the server what growing points cover, for as long as they are to be seen. */

import type { Edit, GrowEdit, Reach } from "../edits";

/** Asks for one; rejects as fetch does. */
export type AskReach = (edit: GrowEdit, signal: AbortSignal) => Promise<Reach>;

export interface ReacherEvents {
  onReach(edit: GrowEdit, reach: Reach): void;
  /** It is not asked for again before `retry`. */
  onFailure(edit: GrowEdit, error: unknown): void;
}

export interface Reacher {
  /** These are to be seen: what is missing is asked for, and what is not wanted any more given up. */
  want(edits: readonly Edit[]): void;
  /** What failed is asked for again, as soon as it is wanted. */
  retry(): void;
  /** Gives up all that is under way; nothing is told any more. */
  stop(): void;
}

// The server works on few things at a time, and others want it as well.
const AT_ONCE = 2;

export function reacher(ask: AskReach, events: ReacherEvents): Reacher {
  const settled = new WeakSet<GrowEdit>();
  const asking = new Map<GrowEdit, AbortController>();
  let failed = new Set<GrowEdit>();
  let wanted: readonly GrowEdit[] = [];

  function pump(): void {
    for (const edit of wanted) {
      if (asking.size >= AT_ONCE) return;
      if (!settled.has(edit) && !failed.has(edit) && !asking.has(edit)) void begin(edit);
    }
  }

  async function begin(edit: GrowEdit): Promise<void> {
    const control = new AbortController();
    asking.set(edit, control);
    try {
      const reach = await ask(edit, control.signal);
      if (control.signal.aborted) return;
      settled.add(edit);
      asking.delete(edit);
      events.onReach(edit, reach);
    } catch (error) {
      if (control.signal.aborted) return;
      failed.add(edit);
      asking.delete(edit);
      events.onFailure(edit, error);
    }
    pump();
  }

  function giveUp(edit: GrowEdit): void {
    asking.get(edit)?.abort();
    asking.delete(edit);
  }

  return {
    want(edits) {
      wanted = edits.filter((edit) => edit.kind === "grow");
      const now = new Set(wanted);
      for (const edit of [...asking.keys()]) if (!now.has(edit)) giveUp(edit);
      pump();
    },
    retry() {
      failed = new Set();
      pump();
    },
    stop() {
      wanted = [];
      for (const edit of [...asking.keys()]) giveUp(edit);
    },
  };
}
