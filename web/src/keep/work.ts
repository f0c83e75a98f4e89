/** The photo in work, kept in the browser: its bytes once, and each step by itself. */

import type { Work } from "../app/contract";
import type { Step } from "../editor/history";
import { isMatte, isPhoto, isStep } from "./check";
import { apart, readable, together } from "./files";
import { type Entries, type Kept, slot } from "./slot";

const kept = slot("work");

/** Keeps the work as it is now; call it after each change, it writes only what has changed. */
export const saveWork = (work: Work): Promise<Kept> => kept.save(entriesOf(work));

/** The work as it was kept last; null: there is none, or none that can be used, which is then forgotten. */
export async function loadWork(): Promise<Work | null> {
  const found = await kept.load();
  if (!found) return null;
  const work = workOf(found);
  if (work && (await readable(work.photo.file))) return work;
  await kept.forget();
  return null;
}

/** Nothing of it is kept any more. */
export const forgetWork = (): Promise<void> => kept.forget();

const STEP = "step:";

function entriesOf({ photo, settings, history, matte }: Work): Entries {
  const steps = history.steps.map((step, index) => [`${STEP}${index}`, step] as const);
  const wanted = apart(settings);
  return new Map<string, unknown>([
    ["id", photo.id],
    ["name", photo.name],
    ["file", photo.file],
    ["settings", wanted.settings],
    ...wanted.images,
    ["matte", matte],
    ["at", history.at],
    ["count", steps.length],
    ...steps,
  ]);
}

function workOf(entries: Entries): Work | null {
  const [id, name, file, matte] = ["id", "name", "file", "matte"].map((part) => entries.get(part));
  const [at, count] = [Number(entries.get("at")), Number(entries.get("count"))];
  const photo: unknown = { id, name, file };
  const settings = together(entries.get("settings"), entries);
  if (!isPhoto(photo) || !settings || !(matte === null || isMatte(matte))) return null;
  // There are as many entries as were written: a number that is wrong makes no endless list.
  if (!(Number.isInteger(at) && at >= 0 && at <= count && count <= entries.size)) return null;
  const steps: Step[] = [];
  for (let index = 0; index < count; index++) {
    const step = entries.get(`${STEP}${index}`);
    if (!isStep(step)) return null;
    steps.push(step);
  }
  return { photo, settings, matte, history: { steps, at } };
}
