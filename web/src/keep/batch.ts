/** The queue of many photos, kept in the browser: each photo's bytes once, and each one's state by itself. */

import type { Batch, Item, Job, Recipe } from "../many/contract";
import { isItem, isJob, isPhoto } from "./check";
import { apart, readable, together } from "./files";
import { type Entries, type Kept, slot } from "./slot";

const kept = slot("batch");

/** Keeps the queue as it is now; it writes only what has changed. */
export const saveBatch = (batch: Batch): Promise<Kept> => kept.save(entriesOf(batch));

/**
 * The queue as it was kept last; null: there is none, or none that can be used, which is then forgotten.
 * Rejects where it cannot be read.
 */
export async function loadBatch(): Promise<Batch | null> {
  const found = await kept.load();
  if (!found) return null;
  const batch = await batchOf(found);
  if (batch) return batch;
  await kept.forget();
  return null;
}

/** Nothing of it is kept any more. */
export const forgetBatch = (): Promise<void> => kept.forget();

function entriesOf({ settings, items, jobs }: Batch): Entries {
  const wanted = apart(settings);
  const entries = new Map<string, unknown>([
    ["settings", wanted.settings],
    ...wanted.images,
    ["items", items.map((each) => each.id).join(" ")],
    ["jobs", jobs.map((each) => each.key).join(" ")],
  ]);
  for (const item of items) {
    entries.set(`name:${item.id}`, item.photo.name);
    entries.set(`file:${item.id}`, item.photo.file);
    for (const [name, value] of partsOf(item, () => itemParts(item))) entries.set(name, value);
  }
  for (const job of jobs) for (const [name, value] of partsOf(job, () => jobParts(job))) entries.set(name, value);
  return entries;
}

type Parts = readonly (readonly [name: string, value: unknown])[];

// What is the same item or job as before has the same parts, which are then not written again.
const parts = new WeakMap<object, Parts>();

function partsOf(of: object, make: () => Parts): Parts {
  const made = parts.get(of) ?? make();
  parts.set(of, made);
  return made;
}

function itemParts({ photo: _, own, result, ...rest }: Item): Parts {
  const [wanted, recipe] = [own && apart(own), result && recipeApart(result.recipe)];
  const told = { ...rest, own: wanted?.settings, result: result && { ...result, recipe: recipe?.value } };
  return [[`item:${rest.id}`, told], ...(wanted?.images ?? []), ...(recipe?.images ?? [])];
}

function jobParts(job: Job): Parts {
  const { value, images } = recipeApart(job.recipe);
  return [[`job:${job.key}`, { ...job, recipe: value }], ...images];
}

function recipeApart(recipe: Recipe) {
  const { settings, images } = apart(recipe.settings);
  return { value: { ...recipe, settings }, images };
}

async function batchOf(entries: Entries): Promise<Batch | null> {
  const [ids, keys] = [entries.get("items"), entries.get("jobs")];
  const settings = together(entries.get("settings"), entries);
  if (!settings || typeof ids !== "string" || typeof keys !== "string") return null;
  const jobs = words(keys)
    .map((key) => whole(entries.get(`job:${key}`), entries))
    .filter(isJob);
  const there = new Set(jobs.map(({ key }) => key));
  const items: Item[] = [];
  for (const id of words(ids)) {
    const item = itemOf(id, entries);
    // One photo that is lost does not cost all others.
    if (item && (await readable(item.photo.file))) items.push(besideJobs(item, there));
  }
  return items.length > 0 ? { settings, items, jobs } : null;
}

/** An item whose job is lost waits for another one. */
const besideJobs = (item: Item, there: ReadonlySet<string>): Item =>
  "job" in item.state && !there.has(item.state.job) ? { ...item, state: { kind: "waiting" } } : item;

const words = (text: string): string[] => text.split(" ").filter(Boolean);

function itemOf(id: string, entries: Entries): Item | null {
  const photo: unknown = { id, name: entries.get(`name:${id}`), file: entries.get(`file:${id}`) };
  const told = entries.get(`item:${id}`) as Partial<Item> | undefined;
  const own = told?.own ? together(told.own, entries) : null;
  const rest = { ...told, own, result: told?.result ? whole(told.result, entries) : null };
  return isPhoto(photo) && isItem(rest) && (own || !told?.own) ? { ...rest, photo } : null;
}

/** A job or a result with the settings of its recipe put together again. */
function whole(value: unknown, entries: Entries): unknown {
  const told = value as { recipe?: { settings?: unknown } } | undefined;
  return { ...told, recipe: { ...told?.recipe, settings: together(told?.recipe?.settings, entries) } };
}
