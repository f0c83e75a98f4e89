/** What growing points cover: asked for as long as the editor is open, also after a reload. */

import { useEffect, useRef, useState } from "react";
import { reach as askReach } from "../api/cutouts";
import { needsKey, type Problem, problemOf } from "../api/http";
import type { Edit, GrowEdit, Reach } from "../edits";
import { en } from "../text/en";
import type { EditorOptions, GrowProblem } from "./contract";
import { type Formers, formerOf, putAgain, takeBack } from "./formers";
import type { History } from "./history";
import { type Reacher, reacher } from "./reacher";

interface Failure {
  readonly edit: GrowEdit;
  /** It has been taken out of the history, where it stood for this one. */
  readonly taken: boolean;
  readonly former: GrowEdit | null;
  /** null: it covers nothing. */
  readonly problem: Problem | null;
}

interface ReachesOptions extends Pick<EditorOptions, "matteId" | "editing" | "onMatteGone" | "onKeyNeeded"> {
  readonly edits: readonly Edit[];
  /** Changes the history as it is by then. */
  readonly change: (how: (history: History) => History) => void;
}

interface Reaches {
  readonly reaches: ReadonlyMap<GrowEdit, Reach>;
  readonly growing: boolean;
  readonly problem: GrowProblem | null;
  /** What an edit covers is on the screen. */
  seen(edit: GrowEdit): void;
  /**
   * A point that has just been set, or made anew in place of another: where it fails it is taken back, and the other is
   * there again. Points that were kept from before stay.
   */
  drawn(edit: GrowEdit, instead: GrowEdit | null): void;
  retry(): void;
  dismiss(): void;
}

type Asked = { readonly matteId: string; readonly reacher: Reacher };

export function useReaches(options: ReachesOptions): Reaches {
  const { matteId, editing, edits, change } = options;
  const [reaches, setReaches] = useState<ReadonlyMap<GrowEdit, Reach>>(new Map());
  const [seen, setSeen] = useState<ReadonlySet<GrowEdit>>(new Set());
  const [failures, setFailures] = useState<readonly Failure[]>([]);
  const [dismissed, setDismissed] = useState(false);
  const fresh = useRef<Formers>(new WeakMap());
  const known = useRef(reaches);
  known.current = reaches;
  const asked = useRef<Asked | null>(null);
  const now = useRef(options);
  now.current = options;

  function failed(edit: GrowEdit, problem: Problem | null): void {
    const taken = problem === null || fresh.current.has(edit);
    const instead = formerOf(edit, fresh.current, (each) => known.current.has(each));
    if (taken) now.current.change((history) => takeBack(history, edit, instead));
    setFailures((before) => [...before, { edit, taken, former: instead, problem }]);
    setDismissed(false);
  }

  function askFor(id: string): Reacher {
    return reacher((edit, signal) => askReach(id, edit, signal), {
      onReach(edit, reach) {
        if (reach.width === 0 || reach.height === 0) failed(edit, null);
        else setReaches((before) => new Map(before).set(edit, reach));
      },
      onFailure(edit, error) {
        const problem = problemOf(error);
        if (problem.status === 404 && now.current.onMatteGone?.(id)) return;
        failed(edit, problem);
        if (needsKey(problem)) now.current.onKeyNeeded?.();
      },
    });
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: what it calls reads what is newest by itself.
  useEffect(() => {
    if (!editing || matteId === null) return;
    if (asked.current?.matteId !== matteId) {
      // Another matte may be of another photo.
      if (asked.current !== null) {
        setReaches(new Map());
        setSeen(new Set());
      }
      asked.current = { matteId, reacher: askFor(matteId) };
    }
    const { reacher } = asked.current;
    reacher.retry();
    return () => reacher.stop();
  }, [matteId, editing]);

  useEffect(() => {
    if (editing && matteId !== null) asked.current?.reacher.want(edits);
  }, [edits, matteId, editing]);

  const waiting = (edit: Edit) =>
    edit.kind === "grow" && !seen.has(edit) && !failures.some((failure) => failure.edit === edit);

  return {
    reaches,
    growing: editing && matteId !== null && edits.some(waiting),
    problem: dismissed ? null : told(failures),
    seen: (edit) => setSeen((before) => new Set(before).add(edit)),
    drawn(edit, instead) {
      fresh.current.set(edit, instead);
      // What is wrong with one point is no news any more once another one is set.
      setFailures((before) => before.filter((failure) => !failure.taken));
    },
    retry() {
      const again = failures.filter((failure) => failure.taken && failure.problem !== null);
      setFailures([]);
      change((history) => again.reduce((changed, { edit, former }) => putAgain(changed, edit, former), history));
      asked.current?.reacher.retry();
    },
    dismiss: () => setDismissed(true),
  };
}

/** The last failure in words. */
function told(failures: readonly Failure[]): GrowProblem | null {
  const failure = failures[failures.length - 1];
  if (failure === undefined) return null;
  const { problem } = failure;
  if (problem === null) return { retry: false, message: en.editor.nothingGrows, hint: en.editor.nothingGrowsHint };
  const known = en.problems.known[problem.code];
  return { retry: true, message: known?.title ?? problem.message, hint: known?.hint ?? problem.hint };
}
