/** Sends what waits, and hears of what is being made. It looks at the queue after each change, and holds nothing else. */

import { canRetry, isAbort, needsKey, problemOf, type Problem as Refusal } from "../api/http";
import { readable } from "../keep/files";
import { word } from "../keep/word";
import { en } from "../text/en";
import type { Batch, Item, Job, Problem } from "./contract";
import type { Api } from "./jobs";
import { LIMITS, nextJob } from "./plan";
import { type Action, jobOf } from "./state";
import { type Watch, watch } from "./watch";

/** Why nothing is sent at present. */
export interface Trouble {
  readonly problem: Problem;
  /** When it goes on by itself, in milliseconds of the clock; null: when somebody says so. */
  readonly until: number | null;
  /** Signing in helps. */
  readonly signIn: boolean;
}

export interface Ground {
  batch(): Batch;
  dispatch(action: Action): void;
  onTrouble(trouble: Trouble | null): void;
  readonly api: Api;
}

export interface Runner {
  /** The queue has changed. */
  wake(): void;
  /** Go on at once after trouble. */
  retry(): void;
  /** Waits until the server has answered about all that was to be deleted there. */
  removed(): Promise<void>;
}

const PAUSES_S = [2, 4, 8, 15, 30];

/** A runner for a queue. */
export function createRunner(ground: Ground): Runner {
  const { api, dispatch } = ground;
  const watches = new Map<string, Watch>();
  // The server's ids of jobs that are in the queue, by their keys; null: sent, and no answer has come.
  const known = new Map<string, string | null>();
  const removals = new Set<Promise<void>>();
  // Removals that the server has not heard of.
  const undone: (() => Promise<void>)[] = [];
  let sending: { readonly key: string; readonly abort: AbortController } | null = null;
  let pause: { timer: ReturnType<typeof setTimeout> | undefined } | null = null;
  let failures = 0;
  let most = LIMITS.photos;

  function wake(): void {
    const { jobs, items } = ground.batch();
    const busy = new Set(items.map(jobOf));
    if (sending && !busy.has(sending.key)) {
      sending.abort.abort();
      sending = null;
    }
    follow(jobs, busy);
    if (sending || pause) return;
    const unsent = jobs.find((job) => job.id === null && !job.ended);
    // A photo of it is not there any more. Under this key it would be another request, of which the server may know the
    // first, and its numbers would be those of other photos.
    if (unsent && itemsOf(unsent, ground.batch()).length < unsent.items.length) {
      dispatch({ type: "back", key: unsent.key });
      return;
    }
    const job = unsent ?? nextJob(ground.batch(), { ...LIMITS, photos: most }, word());
    if (job) void send(job, unsent === undefined);
  }

  /** Watches the jobs that are there, and deletes on the server those that are not any more. */
  function follow(jobs: readonly Job[], busy: ReadonlySet<string | null>): void {
    const there = new Set(jobs.map((job) => job.key));
    for (const [key, id] of known) {
      if (there.has(key)) continue;
      known.delete(key);
      // It may be there all the same.
      remove(() => (id === null ? api.removeSent(key) : api.remove(id)));
    }
    for (const { key, id, ended, items } of jobs) {
      known.set(key, id);
      const wanted = id !== null && !ended && busy.has(key);
      if (wanted) {
        if (!watches.has(key)) watches.set(key, watch(api, { key, id, size: items.length }, { dispatch, onSilence }));
        continue;
      }
      watches.get(key)?.stop();
      watches.delete(key);
      // Nobody waits for it any more.
      if (id !== null && !ended) {
        void api.cancel(id).catch(() => undefined);
        queueMicrotask(() => dispatch({ type: "ended", key }));
      }
    }
    for (const [key, each] of watches) {
      if (there.has(key)) continue;
      each.stop();
      watches.delete(key);
    }
  }

  function remove(ask: () => Promise<void>): void {
    const removal = ask().catch((error) => {
      // Nobody else knows of it.
      if (canRetry(problemOf(error))) undone.push(ask);
    });
    removals.add(removal);
    void removal.then(() => removals.delete(removal));
  }

  /** A job that is under way cannot be heard of; it is asked for again and again. */
  function onSilence(silence: Refusal | null): void {
    if (pause) return;
    ground.onTrouble(silence && { problem: plain(silence), until: Date.now(), signIn: needsKey(silence) });
  }

  async function send(job: Job, isNew: boolean): Promise<void> {
    const abort = new AbortController();
    sending = { key: job.key, abort };
    if (isNew) dispatch({ type: "send", job });
    const items = itemsOf(job, ground.batch());
    try {
      const id = await api.send(job, items, abort.signal);
      failures = 0;
      if (abort.signal.aborted) remove(() => api.remove(id));
      else done(() => dispatch({ type: "accepted", key: job.key, id }));
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted) return;
      const action = await judged(job, items, problemOf(error));
      if (!abort.signal.aborted) done(() => action && dispatch(action));
    }

    function done(tell: () => void): void {
      sending = null;
      tell();
      wake();
    }
  }

  /** What follows from a refusal; null: it is sent again later. */
  async function judged(job: Job, items: readonly Item[], refusal: Refusal): Promise<Action | null> {
    const { key } = job;
    const { code, status, retryAfter } = refusal;
    const problem = plain(refusal);
    if (code === "offline") {
      // Browsers say the same of a file that is not where it was.
      const problems = await unreadable(items);
      if (problems.size > 0) return { type: "back", key, problems };
    }
    // Under a key of its own, since another job has this one.
    if (code === "idempotency_conflict" && retryAfter === null) return { type: "back", key };
    if (status === 413 && items.length > 1) {
      most = Math.ceil(items.length / 2);
      return { type: "back", key };
    }
    if (code === "nothing_kept" || status === 401 || status === 403) halt(problem, null, needsKey(refusal));
    else if (
      status === 0 ||
      status >= 500 ||
      ([408, 409, 429].includes(status) && (status !== 409 || retryAfter !== null))
    ) {
      const seconds = retryAfter ?? (PAUSES_S[Math.min(failures, PAUSES_S.length - 1)] as number);
      failures += 1;
      halt(problem, seconds, false);
    } else return { type: "refused", key, problem };
    return null;
  }

  function halt(problem: Problem, seconds: number | null, signIn: boolean): void {
    pause = { timer: seconds === null ? undefined : setTimeout(retry, seconds * 1000) };
    ground.onTrouble({ problem, until: seconds === null ? null : Date.now() + seconds * 1000, signIn });
  }

  function retry(): void {
    for (const each of watches.values()) each.now();
    for (const each of undone.splice(0)) remove(each);
    if (!pause) return;
    clearTimeout(pause.timer);
    pause = null;
    ground.onTrouble(null);
    wake();
  }

  async function removed(): Promise<void> {
    await Promise.all(removals);
  }

  return { wake, retry, removed };
}

const plain = ({ message, code, hint }: Refusal): Problem => ({ error: message, code, hint });

/** In the order in which they are sent, without those that are not in the queue any more. */
function itemsOf(job: Job, batch: Batch): readonly Item[] {
  const found = new Map(batch.items.map((item) => [item.id, item]));
  return job.items.flatMap((id) => found.get(id) ?? []);
}

async function unreadable(items: readonly Item[]): Promise<ReadonlyMap<string, Problem>> {
  const problems = new Map<string, Problem>();
  for (const { id, photo } of items) {
    if (await readable(photo.file)) continue;
    const { unreadable, unreadableHint } = en.problems;
    problems.set(id, { error: unreadable(photo.name), code: "unreadable", hint: unreadableHint });
  }
  return problems;
}
