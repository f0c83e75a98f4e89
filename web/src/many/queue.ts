/** The queue of this page: its state, which outlives the screen and is kept, and what works on it. */

import type { Settings } from "../app/contract";
import { forgetBatch, type Kept, loadBatch, saveBatch } from "../keep";
import { word } from "../keep/word";
import { DEFAULTS } from "../settings/defaults";
import { en } from "../text/en";
import type { Batch, ManyItem, Problem } from "./contract";
import { api } from "./jobs";
import { createRunner, type Trouble } from "./runner";
import { type Action, empty, reduce } from "./state";

export interface Queue {
  readonly batch: Batch;
  readonly trouble: Trouble | null;
  /** Whether a reload loses nothing; null: not known yet. */
  readonly kept: Kept | null;
  /** What follows when all may be forgotten, for which the screen asks; null: nothing is to be asked. */
  readonly over: (() => void) | null;
}

let queue: Queue = { batch: empty(DEFAULTS), trouble: null, kept: null, over: null };
const listeners = new Set<() => void>();
let saving: ReturnType<typeof setTimeout> | undefined;
let savedAt = Number.NEGATIVE_INFINITY;

// What changes soon after it was written waits so long, so that many changes are written as one.
const SAVE_MS = 150;

const runner = createRunner({
  batch: () => queue.batch,
  dispatch,
  onTrouble: (trouble) => set({ ...queue, trouble }),
  api,
});

/** For React: tells of changes. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The queue as it is now. */
export const current = (): Queue => queue;

/** Something happens to the queue. */
export function dispatch(action: Action): void {
  const batch = reduce(queue.batch, action);
  if (batch === queue.batch) return;
  set({ ...queue, batch });
  keep();
  // Files that were chosen just now are kept first: the browser looks each one up for that, and once more to send it.
  if (action.type === "add") setTimeout(runner.wake);
  else runner.wake();
}

// Once, when the page comes: what another tab keeps later is that tab's.
const opening = loadBatch().then((batch) => {
  if (batch) dispatch({ type: "restore", batch });
});

/** Waits until the queue is as it was kept; whether there are photos in it. Rejects where that cannot be read. */
export async function openQueue(): Promise<boolean> {
  await opening;
  return queue.batch.items.length > 0;
}

/** Adds files; those that are no photos are there as well, and say so. `settings`: those that a queue begins with. */
export function addFiles(files: readonly File[], settings?: Settings): void {
  const photos = files.map((file) => ({ photo: { id: word(), name: file.name, file }, problem: problemOf(file) }));
  dispatch({ type: "add", photos, settings });
}

/** The settings of all photos that have none of their own. */
export const setSettings = (settings: Settings): void => dispatch({ type: "settings", settings });

/** Keeps what is being drawn on a photo elsewhere; nothing is made of it before it comes back. */
export const keepDrawn = (item: ManyItem): void => dispatch({ type: "drawn", item });

/** Nothing more is made; what is done stays. */
export function cancelAll(): void {
  const open = new Set(queue.batch.jobs.filter((job) => !job.ended).map((job) => job.key));
  dispatch({ type: "cancel" });
  // Those of which nothing is shown are gone from the queue, and are deleted by the runner.
  for (const { key, id } of queue.batch.jobs) {
    if (id !== null && open.has(key)) void api.cancel(id).catch(() => undefined);
  }
}

/** After trouble: go on at once. */
export const retryNow = (): void => runner.retry();

/** Has the screen ask whether all may be forgotten, before something else than "Start over"; null: it has been asked. */
export const askOver = (over: (() => void) | null): void => set({ ...queue, over });

/** Nothing of it is kept any more, here or on the server. Waits until that is so. */
export async function forgetAll(): Promise<void> {
  dispatch({ type: "forget" });
  runner.retry();
  await Promise.all([runner.removed(), save()]);
}

function set(next: Queue): void {
  queue = next;
  for (const listener of listeners) listener();
}

/** Has the queue written: at once where that is not done all the time, since the page may be left right away. */
function keep(): void {
  const wait = savedAt + SAVE_MS - performance.now();
  if (saving === undefined && wait <= 0) void save();
  else saving ??= setTimeout(save, wait);
}

window.addEventListener("pagehide", () => {
  if (saving !== undefined) void save();
});

window.addEventListener("beforeunload", (event) => {
  const isKept = queue.kept === null || queue.kept === "kept";
  if (!isKept && queue.batch.items.some(({ history }) => history.steps.length > 0)) event.preventDefault();
});

async function save(): Promise<void> {
  clearTimeout(saving);
  saving = undefined;
  savedAt = performance.now();
  if (queue.batch.items.length === 0) return forgetBatch();
  const kept = await saveBatch(queue.batch);
  if (kept !== queue.kept) set({ ...queue, kept });
}

function problemOf(file: File): Problem | null {
  const { notPicture, notPictureHint } = en.problems;
  // Many formats have no type that the browser knows: of these the server judges. It also tells which are empty: the
  // browser would look that up on the disk, one file after the other, while the page waits.
  if (file.type === "" || file.type.startsWith("image/") || file.type === "application/octet-stream") return null;
  return { error: notPicture(file.name), code: "not_an_image", hint: notPictureHint };
}

window.addEventListener("online", () => runner.retry());
