/** What is sent next. */

import type { Batch, Item, Job } from "./contract";
import { recipeKey, wanted } from "./recipe";

export interface Limits {
  /** Of one job. */
  readonly photos: number;
  readonly bytes: number;
  /** Of the first one, where there will be several: so that the server has something to do while the rest is sent. */
  readonly first: number;
  /** Jobs that have not ended. While one is worked on, the next is on its way; more would only lie there. */
  readonly jobs: number;
  /** The same where photos that were edited are among them: somebody is waiting for these. */
  readonly urgent: number;
}

export const LIMITS: Limits = { photos: 20, bytes: 100_000_000, first: 4, jobs: 2, urgent: 4 };

/** The next job; null: nothing is waiting, or enough is under way. */
export function nextJob(batch: Batch, limits: Limits, key: string): Job | null {
  const open = batch.jobs.filter((job) => !job.ended).length;
  const waiting = batch.items.filter((item) => item.state.kind === "waiting");
  const urgent = waiting.find((item) => wanted(item, batch).edits.length > 0);
  const items = urgent && open < limits.urgent ? [urgent] : open < limits.jobs ? part(waiting, batch, limits) : [];
  const [first] = items;
  return first
    ? { key, id: null, items: items.map((item) => item.id), recipe: wanted(first, batch), ended: false }
    : null;
}

/** The first of those that wait, and others that are to be made like it. */
function part(waiting: readonly Item[], batch: Batch, limits: Limits): readonly Item[] {
  const plain = waiting.filter((item) => wanted(item, batch).edits.length === 0);
  const [first] = plain;
  if (!first) return [];
  const like = recipeKey(wanted(first, batch));
  const alike = plain.filter((item) => recipeKey(wanted(item, batch)) === like);
  const fitting = within(alike, limits.photos, limits.bytes);
  const several = fitting.length < alike.length && batch.jobs.length === 0;
  return several ? fitting.slice(0, limits.first) : fitting;
}

function within(items: readonly Item[], photos: number, bytes: number): readonly Item[] {
  let sum = 0;
  const end = items.findIndex((item, index) => {
    sum += item.photo.file.size;
    return index >= photos || (index > 0 && sum > bytes);
  });
  return end < 0 ? items : items.slice(0, end);
}
