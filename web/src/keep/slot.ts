/** One thing that is kept, as entries of which only those are written that have changed. */

import { base, VERSION } from "./base";
import { HEAD, type Head, nameOf, rangeOf } from "./slots";
import { tab } from "./tab";
import { word } from "./word";

/** `refused`: the browser keeps nothing (a private window); `full`: there is no room. Nothing else depends on it. */
export type Kept = "kept" | "refused" | "full";

/** Parts of a thing by their names. Parts that are the same object, or an equal word or number, are not written again. */
export type Entries = ReadonlyMap<string, unknown>;

export interface Slot {
  save(entries: Entries): Promise<Kept>;
  /** null: nothing is there, or nothing that can be read. */
  load(): Promise<Entries | null>;
  forget(): Promise<void>;
}

/** This tab's slot of a kind. Where tabs share it the last one that writes wins. */
export function slot(kind: string): Slot {
  // What is there, unless another tab has written meanwhile and left another mark.
  let before: Entries = new Map();
  let mark = "";
  // What waits while something is being written: only the newest counts.
  let next: { entries: Entries; done: Promise<Kept> } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const named = async () => nameOf(kind, await tab());

  async function write(entries: Entries): Promise<void> {
    const name = await named();
    const db = await base();
    const transaction = db.transaction("entries", "readwrite");
    const store = transaction.store;
    // An error of a request ends the transaction, whose own end is what counts.
    const ignore = (promise: Promise<unknown>) => void promise.catch(() => undefined);
    ignore(transaction.done);
    const head = (await store.get([name, HEAD])) as Head | undefined;
    const same = head?.mark === mark && head.version === VERSION;
    if (!same) ignore(store.delete(rangeOf(name)));
    const known: Entries = same ? before : new Map();
    const written = word();
    for (const part of known.keys()) if (!entries.has(part)) ignore(store.delete([name, part]));
    try {
      for (const [part, value] of entries) {
        if (!known.has(part) || !Object.is(known.get(part), value)) ignore(store.put(value, [name, part]));
      }
      ignore(store.put({ version: VERSION, mark: written, at: Date.now() } satisfies Head, [name, HEAD]));
    } catch (error) {
      // Something that cannot be cloned: nothing of it is written.
      transaction.abort();
      throw error;
    }
    await transaction.done;
    mark = written;
    before = entries;
  }

  /** One after the other, whatever became of the one before. */
  function queued<T>(task: () => Promise<T>): Promise<T> {
    const result = last.then(task, task);
    last = result.catch(() => undefined);
    return result;
  }

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
        try {
          const found = await read(await named());
          if (!found) return null;
          ({ entries: before, mark } = found);
          return before;
        } catch {
          return null;
        }
      }),
    forget: () => {
      // What is saved from here on comes after it.
      next = null;
      return queued(async () => {
        try {
          const name = await named();
          await (await base()).delete("entries", rangeOf(name));
        } catch {
          // Where nothing can be kept there is nothing to be forgotten.
        }
        before = new Map();
      });
    },
  };
}

async function read(name: string): Promise<{ entries: Entries; mark: string } | null> {
  const transaction = (await base()).transaction("entries");
  const range = rangeOf(name);
  const [keys, values] = await Promise.all([transaction.store.getAllKeys(range), transaction.store.getAll(range)]);
  await transaction.done;
  const found = new Map(keys.map((key, index) => [key[1], values[index]]));
  const head = found.get(HEAD) as Partial<Head> | undefined;
  if (head?.version !== VERSION || typeof head.mark !== "string") return null;
  found.delete(HEAD);
  return { entries: found, mark: head.mark };
}

function reason(error: unknown): Kept {
  return error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "refused";
}
