import { useCallback, useEffect, useRef, useState } from "react";
import { forgetWork, type Kept, saveWork } from "../keep";
import { keepDrawn } from "../many/queue";
import type { Work } from "./contract";
import type { State } from "./state";

// Each change is written at once: the page may be closed right away. Only what is moved on a slider waits for the next.
const PAUSE_MS = 100;

/**
 * Keeps the photo in work in the browser, so that a reload loses nothing; one of the queue is kept there as well. Gives
 * whether it is kept; where it is not, the browser asks before what was drawn is left.
 */
export function useKeep({ work, item }: State): Kept | null {
  const [kept, setKept] = useState<Kept | null>(null);
  const pending = useRef<Work | null>(null);
  const had = useRef(work !== null);
  const drawn = useRef(work?.history);
  const written = useRef(Number.NEGATIVE_INFINITY);

  const flush = useCallback(() => {
    const work = pending.current;
    pending.current = null;
    if (work) void saveWork(work).then(setKept);
  }, []);

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
      flush();
    };
    const since = performance.now() - written.current;
    if (drawn.current !== work.history || since > PAUSE_MS) {
      drawn.current = work.history;
      write();
      return;
    }
    const timer = setTimeout(write, PAUSE_MS - since);
    return () => clearTimeout(timer);
  }, [work, flush]);

  useEffect(() => {
    addEventListener("pagehide", flush);
    return () => removeEventListener("pagehide", flush);
  }, [flush]);

  const lost = work !== null && work.history.steps.length > 0 && kept !== null && kept !== "kept";
  useEffect(() => {
    if (!lost) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [lost]);

  return work && kept;
}
