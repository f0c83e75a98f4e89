/** One job, heard of until it has ended: by its events, and where these do not come by asking now and then. */

import { type Problem, problemOf } from "../api/http";
import type { Api } from "./jobs";
import { line } from "./lines";
import type { Action } from "./state";

export interface Watch {
  stop(): void;
  /** Asks at once, where it was going to ask later. */
  now(): void;
}

/** Who is told of it. */
export interface Told {
  dispatch(action: Action): void;
  /** The server does not answer, or does so again (null). */
  onSilence(problem: Problem | null): void;
}

export interface Watched {
  readonly key: string;
  readonly id: string;
  /** How many pictures it has. */
  readonly size: number;
}

const POLL_MS = 2_000;

// A picture begins a moment after the one before has ended, of which no event tells.
const SETTLE_MS = 600;

/** Hears of a job until it has ended or is stopped. */
export function watch(api: Api, job: Watched, told: Told): Watch {
  const { key, id } = job;
  const { dispatch } = told;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: { stop(): void } | null = null;
  let silent = false;

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    close();
    answered();
  }

  function answered(): void {
    if (silent) told.onSilence(null);
    silent = false;
  }

  function close(): void {
    stream?.stop();
    stream = null;
  }

  function later(milliseconds: number, task: () => Promise<void>): void {
    clearTimeout(timer);
    timer = setTimeout(() => void task(), milliseconds);
  }

  /** Asks how it stands. What has been told before changes nothing. */
  async function look(): Promise<void> {
    const pictures = await api.pictures(id, 0, job.size);
    answered();
    if (!stopped) dispatch({ type: "told", key, pictures });
  }

  async function end(): Promise<void> {
    close();
    try {
      await look();
      if (!stopped) dispatch({ type: "ended", key });
    } catch (error) {
      failed(error);
    }
  }

  async function poll(): Promise<void> {
    try {
      if (await api.hasEnded(id)) return await end();
      await look();
    } catch (error) {
      return failed(error);
    }
    if (!stopped) later(POLL_MS, poll);
  }

  function failed(error: unknown): void {
    if (stopped) return;
    // Deleted, or by another who has signed in: what is not done is sent once more.
    const problem = problemOf(error);
    if (problem.status === 404) {
      dispatch({ type: "back", key });
      return;
    }
    silent = true;
    told.onSilence(problem);
    later(POLL_MS, poll);
  }

  async function begin(): Promise<void> {
    const letGo = await line();
    if (stopped) letGo?.();
    else if (letGo) listen(letGo);
    else later(POLL_MS, poll);
  }

  function listen(letGo: () => void): void {
    const heard = api.listen(id, {
      onPictures: (pictures) => dispatch({ type: "told", key, pictures }),
      onChange: () => later(SETTLE_MS, () => look().catch(() => undefined)),
      onEnd: () => void end(),
      onLost: () => {
        close();
        void poll();
      },
    });
    stream = {
      stop() {
        heard.stop();
        letGo();
      },
    };
  }

  void begin();
  return { stop, now: () => void (silent && later(0, poll)) };
}
