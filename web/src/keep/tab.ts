/**
 * Which tab this is. Each keeps what it has under a word of its own, and holds a lock of that name for as long as it
 * lives: no two tabs write to the same slots, or run the same queue.
 */

import { locks, taken } from "./locks";
import { remove, words } from "./slots";
import { word } from "./word";

/** Where the browser remembers the word of a tab, also through a reload. */
export const REMEMBERED = "cleancut-tab";

// A page that is reloaded may begin a moment before the one before has let go of its lock.
const PATIENCE_MS = 2_000;

// What a closed tab has left is removed when nobody has come back for it.
const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/** Whether this tab had been here before this page. */
export const cameBack = remembered() !== null;

let known: Promise<string> | null = null;

const leaving = new Set<() => void>();

/** Has this be done whenever the page becomes another tab. */
export function onLeave(task: () => void): void {
  leaving.add(task);
}

/** The word of this tab; an empty one where the browser has no locks, and all tabs share their slots. */
export function tab(): Promise<string> {
  known ??= found();
  return known;
}

/**
 * Has this page be another tab from here on, if it is the one of this word: what is kept under that stays as it is, for a
 * tab that comes later. Rejects where all tabs share their slots.
 */
export async function leave(word: string): Promise<void> {
  if (word === "") throw new Error("what is kept is that of all tabs");
  const before = tab();
  // Who else says so as well means the same.
  if ((await before) !== word || known !== before) return;
  known = fresh();
  for (const task of leaving) task();
}

async function found(): Promise<string> {
  if (!locks()) return "";
  const mine = await chosen();
  remember(mine);
  void sweep().catch(() => undefined);
  return mine;
}

async function chosen(): Promise<string> {
  const before = remembered();
  if (before !== null && (await hold(before, { signal: AbortSignal.timeout(PATIENCE_MS) }))) return before;
  // A tab that was duplicated has the word of the other one, and is a new one. Any other goes on where a closed one was.
  const left = before === null ? await adopted().catch(() => null) : null;
  return left ?? (await fresh());
}

async function fresh(): Promise<string> {
  const own = word();
  await hold(own, { ifAvailable: true });
  remember(own);
  return own;
}

/** The word of what was written last and belongs to no tab that lives; null: there is none. */
async function adopted(): Promise<string | null> {
  const newest = [...(await words())].sort(([, a], [, b]) => b - a);
  for (const [word] of newest) if (await hold(word, { ifAvailable: true })) return word;
  return null;
}

/** Takes the lock of a word, until this page ends; whether it could be had. */
const hold = async (word: string, options: LockOptions): Promise<boolean> =>
  (await taken(lockOf(word), options)) !== null;

const lockOf = (word: string): string => `${REMEMBERED} ${word}`;

async function sweep(): Promise<void> {
  for (const [word, at] of await words()) {
    if (Date.now() - at < STALE_MS) continue;
    await locks()?.request(lockOf(word), { ifAvailable: true }, async (lock) => lock && (await remove(word)));
  }
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

function remember(word: string): void {
  try {
    sessionStorage.setItem(REMEMBERED, word);
  } catch {
    // The next time it is found as what a closed tab has left.
  }
}
