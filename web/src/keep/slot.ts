/** One thing that is kept, as entries of which only those are written that have changed. */

import { base, VERSION } from "./base";
import { HEAD, type Head, nameOf, rangeOf } from "./slots";
import { leave, onLeave, tab } from "./tab";
import { word } from "./word";

// Entries that are written in one task: more than a change by hand makes, and a few milliseconds' worth of files.
const AT_ONCE = 64;

/** `refused`: the browser keeps nothing (a private window); `full`: there is no room. Nothing else depends on it. */
export type Kept = "kept" | "refused" | "full";

/** Parts of a thing by their names. Parts that are the same object, or an equal word or number, are not written again. */
export type Entries = ReadonlyMap<string, unknown>;

export interface Slot {
  save(entries: Entries): Promise<Kept>;
  /** null: nothing is there, or what another version has written. Rejects where it cannot be read: it is not written over. */
  load(): Promise<Entries | null>;
  forget(): Promise<void>;
}

interface Marked {
  readonly name: string;
  readonly entries: Entries;
  readonly mark: string;
}

const NOTHING: Entries = new Map();

// The page waits for it.
const INSISTING_MS = 500;
const PAUSE_MS = 100;

/** This tab's slot of a kind. Where tabs share it the last one that writes wins. */
export function slot(kind: string): Slot {
  // What is there, unless another tab has written meanwhile and left another mark.
  let there: Marked | null = null;
  // The tab of which something may be there that could not be read; null: there is none.
  let unread: string | null = null;
  // What waits while something is being written: only the newest counts.
  let next: { entries: Entries; done: Promise<Kept> } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const named = async () => nameOf(kind, await tab());

  async function write(entries: Entries): Promise<void> {
    // Where nothing can be written either, a reload may find it.
    if (unread !== null) {
      await base();
      await leave(unread);
    }
    const name = await named();
    const mark = word();
    const before = there;
    // Nobody else writes to a tab's own slot; one that tabs share is looked at before.
    const sure = before?.name === name && (name !== kind || isMarked(await headOf(name), before.mark));
    // Another tab may have forgotten everything, or this page may be another one by now.
    const done = sure && isMarked(await change(name, before.entries, entries, mark), before.mark);
    if (!done) await change(name, null, entries, mark);
    there = { name, entries, mark };
    // What this page has read before it left its word goes along.
    if (before && before.name !== name) await change(before.name, null, NOTHING, null);
  }

  async function forget(): Promise<void> {
    const word = await tab();
    const names = new Set(there ? [there.name] : []);
    if (unread !== word) names.add(nameOf(kind, word));
    for (const name of names) await change(name, null, NOTHING, null);
  }

  /** One after the other, whatever became of the one before. */
  function queued<T>(task: () => Promise<T>): Promise<T> {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  }

  // What this page has read goes along at once, though nothing of it may ever change.
  onLeave(() => {
    const move = async () => there && there.name !== (await named()) && (await write(there.entries));
    // Where it cannot be written, the next save tries again.
    void queued(move).catch(() => undefined);
  });

  return {
    save(entries) {
      if (next) {
        next.entries = entries;
        return next.done;
      }
      const waiting = { entries, done: Promise.resolve<Kept>("kept") };
      next = waiting;
      waiting.done = queued(async () => {
        if (next === waiting) next = null;
        try {
          await write(waiting.entries);
          return "kept";
        } catch (error) {
          return reason(error);
        }
      });
      return waiting.done;
    },
    load: () =>
      queued(async () => {
        const word = await tab();
        try {
          there = await insisted(() => read(nameOf(kind, word)));
          unread = null;
          return there?.entries ?? null;
        } catch (error) {
          unread = word;
          throw error;
        }
      }),
    forget: () => {
      // What is saved from here on comes after it.
      next = null;
      return queued(async () => {
        // Where nothing can be kept there is nothing to be forgotten.
        await forget().catch(() => undefined);
        there = null;
      });
    },
  };
}

/**
 * Writes what differs from what is there, or all in place of it, and the mark; gives the head that was there. All goes to
 * the browser in one task, the end as well: the page may be left or killed before it hears of anything. Only what is
 * much, as a hundred photos are, goes piece by piece: the browser looks each file up while the page waits.
 */
async function change(name: string, there: Entries | null, entries: Entries, mark: string | null): Promise<unknown> {
  const transaction = (await base()).transaction("entries", "readwrite");
  const { store } = transaction;
  // An error of a request ends the transaction, whose own end is what counts.
  const ignore = (promise: Promise<unknown>) => void promise.catch(() => undefined);
  ignore(transaction.done);
  const head = store.get([name, HEAD]);
  ignore(head);
  if (!there) ignore(store.delete(rangeOf(name)));
  const known = there ?? NOTHING;
  let puts = 0;
  for (const part of known.keys()) if (!entries.has(part)) ignore(store.delete([name, part]));
  try {
    for (const [part, value] of entries) {
      if (known.has(part) && Object.is(known.get(part), value)) continue;
      const put = store.put(value, [name, part]);
      ignore(put);
      puts += 1;
      if (puts % AT_ONCE === 0) await put;
    }
    if (mark !== null) ignore(store.put({ version: VERSION, mark, at: Date.now() } satisfies Head, [name, HEAD]));
    transaction.commit();
  } catch (error) {
    // Something that cannot be cloned: nothing of it is written.
    transaction.abort();
    throw error;
  }
  await transaction.done;
  return head;
}

const headOf = async (name: string): Promise<unknown> => (await base()).get("entries", [name, HEAD]);

const isMarked = (head: unknown, mark: string): boolean => {
  const { version, mark: found } = (head ?? {}) as Partial<Head>;
  return version === VERSION && found === mark;
};

async function read(name: string): Promise<Marked | null> {
  const transaction = (await base()).transaction("entries");
  const range = rangeOf(name);
  const [keys, values] = await Promise.all([transaction.store.getAllKeys(range), transaction.store.getAll(range)]);
  await transaction.done;
  const found = new Map(keys.map((key, index) => [key[1], values[index]]));
  const head = found.get(HEAD) as Partial<Head> | undefined;
  if (head?.version !== VERSION || typeof head.mark !== "string") return null;
  found.delete(HEAD);
  return { name, entries: found, mark: head.mark };
}

/** The same once more where it fails soon: what cannot be read now often can a moment later. */
async function insisted<T>(task: () => Promise<T>): Promise<T> {
  const until = performance.now() + INSISTING_MS;
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function reason(error: unknown): Kept {
  return error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "refused";
}
