/** The browser's data base, where what is under way outlives a reload. */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";

const NAME = "cleancut";

/** Of all that is kept: what another version has written is dropped. */
export const VERSION = 1;

// Rather without it than waiting for it: a tab that holds an older version may be asleep.
const PATIENCE_MS = 3_000;

/** Each slot holds one thing, taken apart into entries that change by themselves. */
export interface Schema extends DBSchema {
  entries: { key: [slot: string, name: string]; value: unknown };
}

export type Base = IDBPDatabase<Schema>;

let opened: Promise<Base> | null = null;

/** The data base. Rejects where the browser refuses it. */
export function base(): Promise<Base> {
  opened ??= begin().catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** Closes it: the next call of `base` opens it again. */
export async function close(): Promise<void> {
  const closing = opened;
  opened = null;
  (await closing)?.close();
}

async function begin(): Promise<Base> {
  try {
    return await soon(open());
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "VersionError") throw error;
    // A later version's: nothing here can read it.
    await soon(deleteDB(NAME));
    return await soon(open());
  }
}

function open(): Promise<Base> {
  return openDB<Schema>(NAME, VERSION, {
    upgrade(db) {
      for (const name of db.objectStoreNames) db.deleteObjectStore(name);
      db.createObjectStore("entries");
    },
    // Another tab brings another version, which it cannot do before all others let go.
    blocking() {
      void close().catch(() => undefined);
    },
    terminated() {
      opened = null;
    },
  });
}

function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the data base does not open")), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
