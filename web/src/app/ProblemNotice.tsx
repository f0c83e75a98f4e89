import { canRetry, needsKey, type Problem } from "../api/http";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { en } from "../text/en";

interface ProblemNoticeProps {
  readonly problem: Problem;
  readonly onRetry?: (() => void) | undefined;
  readonly onSignIn: () => void;
  readonly onAnother?: (() => void) | undefined;
  readonly onDismiss?: (() => void) | undefined;
}

const text = en.problems;

// Too large, of no known kind, damaged: another photo is what helps.
const AT_FAULT: readonly number[] = [413, 415, 422];

/** What went wrong, and what can be done: trying again only where that can help. */
export function ProblemNotice({ problem, onRetry, onSignIn, onAnother, onDismiss }: ProblemNoticeProps) {
  const { title, hint } = inWords(problem);
  return (
    <Notice kind="problem" title={title} hint={hint} onDismiss={onDismiss}>
      {needsKey(problem) && <Button onClick={onSignIn}>{text.signIn}</Button>}
      {onRetry && canRetry(problem) && <Button onClick={onRetry}>{text.retry}</Button>}
      {onAnother && AT_FAULT.includes(problem.status) && <Button onClick={onAnother}>{text.another}</Button>}
    </Notice>
  );
}

export interface Told {
  readonly title: string;
  readonly hint: string;
}

/** What is wrong, and what helps, in the page's own words where it has some. */
export function inWords(problem: Problem): Told {
  if (problem.code === "nothing_kept") return { title: text.nothingKept, hint: text.nothingKeptHint };
  const known = text.known[problem.code];
  if (known) return known;
  const wait = problem.retryAfter === null ? "" : text.retryIn(problem.retryAfter);
  return { title: problem.message, hint: [problem.hint, wait].filter(Boolean).join(" ") };
}
