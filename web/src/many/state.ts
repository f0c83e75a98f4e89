/** The queue as plain data, and all that can happen to it. */

import type { Photo, Settings } from "../app/contract";
import { EMPTY } from "../editor/history";
import type { Batch, Item, ItemState, Job, ManyItem, Problem, Result } from "./contract";
import { recipeKey, wanted } from "./recipe";

/** What the server says of a picture of a job. */
export interface Told {
  readonly number: number;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly bytes: number;
  readonly subject: boolean;
  readonly confidence: number | null;
  readonly problem: Problem | null;
}

interface Chosen {
  readonly photo: Photo;
  readonly problem: Problem | null;
}

export type Action =
  | { readonly type: "restore"; readonly batch: Batch }
  /** Photos with a problem cannot be made, which is known already. `settings`: those that a queue begins with. */
  | { readonly type: "add"; readonly photos: readonly Chosen[]; readonly settings?: Settings | undefined }
  | { readonly type: "settings"; readonly settings: Settings }
  /** Settings of one photo; null: as all others. */
  | { readonly type: "own"; readonly id: string; readonly settings: Settings | null }
  /** What is being drawn on a photo elsewhere, so that it is kept; nothing is made of it yet. */
  | { readonly type: "drawn"; readonly item: ManyItem }
  /** It comes back; what has changed is made anew. */
  | { readonly type: "edited"; readonly item: ManyItem }
  | { readonly type: "remove"; readonly id: string }
  /** Made once more: those that failed, were cancelled, or were made with something else than is wanted now. */
  | { readonly type: "again"; readonly ids: readonly string[] }
  | { readonly type: "cancel" }
  | { readonly type: "send"; readonly job: Job }
  | { readonly type: "accepted"; readonly key: string; readonly id: string }
  /** The server takes none of it. */
  | { readonly type: "refused"; readonly key: string; readonly problem: Problem }
  /** It does not come to be, or is not there any more: what is not done waits again, but for those with a problem. */
  | { readonly type: "back"; readonly key: string; readonly problems?: ReadonlyMap<string, Problem> }
  | { readonly type: "told"; readonly key: string; readonly pictures: readonly Told[] }
  | { readonly type: "ended"; readonly key: string }
  /** A result is not kept any more. */
  | { readonly type: "gone"; readonly id: string; readonly problem: Problem }
  | { readonly type: "forget" };

export const empty = (settings: Settings): Batch => ({ settings, items: [], jobs: [] });

const WAITING: ItemState = { kind: "waiting" };

/** The queue after something has happened. Items that stay as they are stay the same objects. */
export function reduce(batch: Batch, action: Action): Batch {
  switch (action.type) {
    case "restore":
      return action.batch;
    case "add":
      return grown(batch, action.photos.map(added), action.settings);
    case "settings":
      return batch.settings === action.settings ? batch : { ...batch, settings: action.settings };
    case "own":
      return changed(batch, [action.id], (item) => ({ ...item, own: action.settings }));
    case "drawn":
      return changed(batch, [action.item.id], (item) => drawn(item, action.item, batch));
    case "edited":
      return changed(batch, [action.item.id], (item) => edited(drawn(item, action.item, batch), batch));
    case "remove":
      return tidied({ ...batch, items: batch.items.filter((item) => item.id !== action.id) });
    case "again":
      return changed(batch, action.ids, (item) => ({ ...item, state: WAITING }));
    case "cancel":
      return cancelled(batch);
    case "send":
      return sent(batch, action.job);
    case "accepted":
      return accepted(batch, action.key, action.id);
    case "refused":
      return dropped(batch, action.key, () => action.problem);
    case "back":
      return dropped(batch, action.key, (item) => action.problems?.get(item.id) ?? null);
    case "told":
      return told(batch, action.key, action.pictures);
    case "ended":
      return ended(batch, action.key);
    case "gone":
      return changed(batch, [action.id], (item) => ({
        ...item,
        state: isUnderWay(item) ? item.state : { kind: "failed", problem: action.problem },
        result: null,
      }));
    case "forget":
      return empty(batch.settings);
  }
}

/** The job that an item is being made by; null: by none. */
export const jobOf = (item: Item): string | null => ("job" in item.state ? item.state.job : null);

/** It will change without anybody doing something. */
export const isUnderWay = (item: Item): boolean => item.state.kind === "waiting" || jobOf(item) !== null;

/** The settings of photos that are there already stay theirs. */
const grown = (batch: Batch, items: readonly Item[], settings = batch.settings): Batch => ({
  ...batch,
  settings: batch.items.length > 0 ? batch.settings : settings,
  items: [...batch.items, ...items],
});

const added = ({ photo, problem }: Chosen): Item => ({
  id: photo.id,
  photo,
  own: null,
  history: EMPTY,
  state: problem ? { kind: "failed", problem } : WAITING,
  result: null,
});

function changed(batch: Batch, ids: readonly string[], change: (item: Item) => Item): Batch {
  const these = new Set(ids);
  return mapped(batch, (item) => (these.has(item.id) ? change(item) : item));
}

/** The queue with other items; the same where none is another. */
function mapped(batch: Batch, change: (item: Item) => Item): Batch {
  const items = batch.items.map(change);
  return items.some((item, index) => item !== batch.items[index]) ? { ...batch, items } : batch;
}

function drawn(item: Item, now: ManyItem, batch: Batch): Item {
  const [before, after] = [item.own ?? batch.settings, now.settings].map((settings) =>
    recipeKey({ settings, edits: [] }),
  );
  const own = before === after ? item.own : now.settings;
  return own === item.own && now.history === item.history ? item : { ...item, own, history: now.history };
}

function edited(item: Item, batch: Batch): Item {
  const key = jobOf(item);
  const recipe = key === null ? item.result?.recipe : batch.jobs.find((job) => job.key === key)?.recipe;
  return recipe && recipeKey(recipe) === recipeKey(wanted(item, batch)) ? item : { ...item, state: WAITING };
}

function sent(batch: Batch, job: Job): Batch {
  const next = changed(batch, job.items, (item) => ({ ...item, state: { kind: "uploading", job: job.key } }));
  return { ...next, jobs: [...batch.jobs, job] };
}

function accepted(batch: Batch, key: string, id: string): Batch {
  const jobs = batch.jobs.map((job) => (job.key === key ? { ...job, id } : job));
  return { ...mine(batch, key, (item) => ({ ...item, state: { kind: "queued", job: key } })), jobs };
}

/** Changes those items that a job is making; others have been removed, or are to be made otherwise by now. */
function mine(batch: Batch, key: string, change: (item: Item) => Item): Batch {
  return mapped(batch, (item) => (jobOf(item) === key ? change(item) : item));
}

/** Each of its pictures has been told of; if not, it is made once more. */
function ended(batch: Batch, key: string): Batch {
  const next = mine(batch, key, (item) => ({ ...item, state: WAITING }));
  return tidied({ ...next, jobs: batch.jobs.map((job) => (job.key === key ? { ...job, ended: true } : job)) });
}

function dropped(batch: Batch, key: string, problemOf: (item: Item) => Problem | null): Batch {
  const next = mine(batch, key, (item) => {
    const problem = problemOf(item);
    return { ...item, state: problem ? { kind: "failed", problem } : WAITING };
  });
  return { ...next, jobs: batch.jobs.filter((job) => job.key !== key) };
}

/** What has not ended ends; a result of before stays. */
function cancelled(batch: Batch): Batch {
  const items = batch.items.map((item) => (isUnderWay(item) ? stopped(item) : item));
  return tidied({ ...batch, items, jobs: batch.jobs.map((job) => (job.ended ? job : { ...job, ended: true })) });
}

const stopped = (item: Item): Item => ({ ...item, state: { kind: item.result ? "done" : "cancelled" } });

function told(batch: Batch, key: string, pictures: readonly Told[]): Batch {
  const job = batch.jobs.find((each) => each.key === key);
  if (!job) return batch;
  const news = new Map(pictures.map((each) => [job.items[each.number - 1], each]));
  const next = mine(batch, key, (item) => {
    const picture = news.get(item.id);
    return picture ? after(item, picture, job) : item;
  });
  // With the last of them it has ended, which need not be asked for.
  const resting = new Set(next.items.filter((item) => !isUnderWay(item)).map((item) => item.id));
  return !job.ended && job.items.every((id) => resting.has(id)) ? ended(next, key) : next;
}

function after(item: Item, picture: Told, job: Job): Item {
  const { number, bytes, subject, confidence } = picture;
  switch (picture.state) {
    case "done": {
      const result: Result = { recipe: job.recipe, job: job.id ?? "", number, bytes, subject, confidence };
      return { ...item, state: { kind: "done" }, result };
    }
    case "failed":
      return picture.problem ? { ...item, state: { kind: "failed", problem: picture.problem } } : item;
    case "cancelled":
      return stopped(item);
    case "running":
      return item.state.kind === "working" ? item : { ...item, state: { kind: "working", job: job.key } };
    case "waiting":
      return item.state.kind === "queued" ? item : { ...item, state: { kind: "queued", job: job.key } };
  }
}

/** Without jobs that have ended and of which nothing is shown. */
function tidied(batch: Batch): Batch {
  const shown = new Set(batch.items.map((item) => item.result?.job));
  const needed = new Set(batch.items.map(jobOf));
  const jobs = batch.jobs.filter(
    (job) => needed.has(job.key) || (job.id !== null && (!job.ended || shown.has(job.id))),
  );
  return jobs.length === batch.jobs.length ? batch : { ...batch, jobs };
}

/** How far it is. */
export interface Count {
  readonly all: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly underWay: number;
}

/** How many items are in which state. */
export function count({ items }: Batch): Count {
  const found = { all: items.length, done: 0, failed: 0, cancelled: 0, underWay: 0 };
  for (const item of items) {
    const { kind } = item.state;
    if (kind === "done" || kind === "failed" || kind === "cancelled") found[kind] += 1;
    else found.underWay += 1;
  }
  return found;
}
