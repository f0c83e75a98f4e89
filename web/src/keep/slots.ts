/** All slots of the data base, whichever tab they belong to: `work` and `batch` of a tab's word. */

import { base } from "./base";

/** What a slot says of itself, in an entry of no name. */
export interface Head {
  readonly version: number;
  /** Of the last time that something was written, by whichever tab. */
  readonly mark: string;
  /** When that was, in milliseconds of the clock. */
  readonly at: number;
}

export const HEAD = "";

/** The slot of a kind that belongs to a word; without words, as where tabs cannot tell each other apart, all have one. */
export const nameOf = (kind: string, word: string): string => (word === "" ? kind : `${kind} ${word}`);

const wordOf = (slot: string): string => slot.split(" ")[1] ?? "";

/** All entries of a slot. */
export const rangeOf = (slot: string): IDBKeyRange => IDBKeyRange.bound([slot], [slot, []]);

/** The words under which something is kept, and when it was last written. */
export async function words(): Promise<ReadonlyMap<string, number>> {
  const transaction = (await base()).transaction("entries");
  const { store } = transaction;
  const slots = new Set((await store.getAllKeys()).map(([slot]) => slot));
  const found = new Map<string, number>();
  for (const slot of slots) {
    const head = (await store.get([slot, HEAD])) as Partial<Head> | undefined;
    const word = wordOf(slot);
    found.set(word, Math.max(found.get(word) ?? 0, head?.at ?? 0));
  }
  await transaction.done;
  return found;
}

/** Removes all that is kept under a word. */
export async function remove(word: string): Promise<void> {
  const transaction = (await base()).transaction("entries", "readwrite");
  const slots = new Set((await transaction.store.getAllKeys()).map(([slot]) => slot));
  for (const slot of slots) if (wordOf(slot) === word) await transaction.store.delete(rangeOf(slot));
  await transaction.done;
}

/** Nothing is kept any more, of any tab. */
export async function forgetEverything(): Promise<void> {
  try {
    await (await base()).clear("entries");
  } catch {
    // Where nothing can be kept there is nothing to be forgotten.
  }
}
