/** Requests to the server, and the one shape of what goes wrong with them. */

import { en } from "../text/en";

/** Something that went wrong, told so that a person knows what to do. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    /** Of the answer; 0 where there was none. */
    readonly status = 0,
    /** Seconds after which trying again is welcome; null: the server has not said. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Whether the same request may go well another time. What something in between answers may be another thing soon. */
export const canRetry = ({ code, status }: Problem): boolean =>
  code === "offline" || code === "bad_answer" || status >= 500 || status === 429 || status === 408;

/** Whether nothing but signing in helps. */
export const needsKey = (problem: Problem): boolean => problem.status === 401 || problem.code === "csrf_failed";

/** Whether a request was given up on purpose. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Any error as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // What fetch says where no answer came, in each browser's own words.
  if (error instanceof TypeError) return new Problem("offline", en.problems.offline, en.problems.offlineHint);
  // What is no JSON though it should be.
  if (error instanceof SyntaxError) return strange();
  return new Problem("unexpected", en.problems.unexpected, en.problems.unexpectedHint);
}

/** An answer that is no refusal, and not what was asked for either: the server has not answered. */
const strange = (): Problem => new Problem("bad_answer", en.problems.badAnswer(200), en.problems.badAnswerHint);

let csrf: string | null = null;
let asking: Promise<unknown> = Promise.resolve();

/** Sets what a page that is signed in sends with each request that changes something. */
export function setToken(token: string | null): void {
  csrf = token;
}

/** Has requests that change something wait for this, however it ends: it brings the token that they need. */
export function awaitToken(bringing: Promise<unknown>): void {
  asking = bringing.catch(() => undefined);
}

/** Sends a request. Throws Problem, or what an abort throws. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if ((init.method ?? "GET") !== "GET") {
    await asking;
    if (csrf !== null) headers.set("X-CSRF-Token", csrf);
  }
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    throw isAbort(error) ? error : problemOf(error);
  }
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

/** Sends a request whose answer is JSON. */
export async function askJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json");
  return (await (await ask(path, { ...init, headers })).json()) as T;
}

/** Sends a request whose answer is a file of one of these kinds. */
export async function askFile(path: string, kinds: RegExp, init: RequestInit = {}): Promise<[Blob, Headers]> {
  const answer = await ask(path, init);
  if (!kinds.test(answer.headers.get("Content-Type") ?? "")) {
    void answer.body?.cancel();
    throw strange();
  }
  try {
    return [await answer.blob(), answer.headers];
  } catch (error) {
    throw isAbort(error) ? error : problemOf(error);
  }
}

/** What the server refuses with. */
export interface Refusal {
  readonly error: string;
  readonly code: string;
  readonly hint: string;
  readonly status?: number;
}

/** A refusal as a problem. */
export const problemFrom = (refusal: Refusal, status: number, retryAfter: number | null = null): Problem =>
  new Problem(refusal.code, sentence(refusal.error), sentence(refusal.hint), refusal.status ?? status, retryAfter);

async function refusalOf(answer: Response): Promise<Problem> {
  const later = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  const retryAfter = Number.isFinite(later) ? later : null;
  try {
    const body = (await answer.json()) as Partial<Refusal>;
    if (typeof body.error === "string" && typeof body.code === "string") {
      return problemFrom({ error: body.error, code: body.code, hint: body.hint ?? "" }, answer.status, retryAfter);
    }
  } catch {
    // Something between here and the server has answered in its own way.
  }
  const { status } = answer;
  if (status === 413) return new Problem("too_large_between", en.problems.tooMuch, en.problems.tooMuchHint, status);
  return new Problem("bad_answer", en.problems.badAnswer(status), en.problems.badAnswerHint, status);
}

/** The server's words begin small and end without a stop, since they also stand on a command line. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
