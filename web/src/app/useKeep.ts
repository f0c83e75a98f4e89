import { useEffect, useRef } from "react";
import { forgetWork, saveWork } from "../keep";
import { keepDrawn } from "../many/queue";
import type { Work } from "./contract";
import type { State } from "./state";

// Each change is written at once: the page may be closed right away. Only what is moved on a slider waits for the next.
const PAUSE_MS = 100;

/** Keeps the photo in work in the browser, so that a reload loses nothing; one of the queue is kept there as well. */
export function useKeep({ work, item }: State): void {
  const pending = useRef<Work | null>(null);
  const had = useRef(work !== null);
  const drawn = useRef(work?.history);
  const written = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    if (item && work) keepDrawn({ ...item, settings: work.settings, history: work.history });
  }, [item, work]);

  useEffect(() => {
    pending.current = work;
    if (work === null) {
      if (had.current) void forgetWork();
      had.current = false;
      return;
    }
    had.current = true;
    const write = () => {
      written.current = performance.now();
      flush(pending);
    };
    const since = performance.now() - written.current;
    if (drawn.current !== work.history || since > PAUSE_MS) {
      drawn.current = work.history;
      write();
      return;
    }
    const timer = setTimeout(write, PAUSE_MS - since);
    return () => clearTimeout(timer);
  }, [work]);

  useEffect(() => {
    const leave = () => flush(pending);
    addEventListener("pagehide", leave);
    return () => removeEventListener("pagehide", leave);
  }, []);
}

function flush(pending: { current: Work | null }): void {
  const work = pending.current;
  pending.current = null;
  if (work) void saveWork(work);
}
