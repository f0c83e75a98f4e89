/** The photo in work, kept in the browser: its bytes once, and each step by itself. */

import type { Work } from "../app/contract";
import type { History, Step } from "../editor/history";
import { isMatte, isPhoto, isStep, isTools } from "./check";
import { apart, readable, together } from "./files";
import { type Entries, type Kept, slot } from "./slot";

const kept = slot("work");

/** Keeps the work as it is now; call it after each change, it writes only what has changed. */
export const saveWork = (work: Work): Promise<Kept> => kept.save(entriesOf(work));

/**
 * The work as it was kept last; null: there is none, or none that can be used, which is then forgotten.
 * Rejects where it cannot be read.
 */
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

// Of the history as it was when the editor was opened; only steps that have been drawn over since are kept twice.
const FORMER = "former:";

function entriesOf({ photo, settings, history, editedFrom, tools, matte }: Work): Entries {
  const wanted = apart(settings);
  return new Map<string, unknown>([
    ["id", photo.id],
    ["name", photo.name],
    ["file", photo.file],
    ["settings", wanted.settings],
    ...wanted.images,
    ["matte", matte],
    ["tools", tools],
    ["at", history.at],
    ["count", history.steps.length],
    ...numbered(STEP, history.steps),
    ...(editedFrom ? formerEntries(editedFrom, history) : []),
  ]);
}

const formerEntries = ({ steps, at }: History, now: History): readonly (readonly [string, unknown])[] => [
  ["former at", at],
  ["former count", steps.length],
  ...numbered(FORMER, steps).filter((_, index) => steps[index] !== now.steps[index]),
];

const numbered = (name: string, steps: readonly Step[]) =>
  steps.map((step, index) => [`${name}${index}`, step] as const);

function workOf(entries: Entries): Work | null {
  const [id, name, file, matte, tools] = ["id", "name", "file", "matte", "tools"].map((part) => entries.get(part));
  const photo: unknown = { id, name, file };
  const settings = together(entries.get("settings"), entries);
  const history = historyOf(entries, "at", "count", (index) => entries.get(`${STEP}${index}`));
  if (!isPhoto(photo) || !settings || !history || !(matte === null || isMatte(matte))) return null;
  const former = (index: number) => entries.get(`${FORMER}${index}`) ?? history.steps[index];
  const editedFrom = historyOf(entries, "former at", "former count", former);
  return { photo, settings, matte, history, editedFrom, tools: isTools(tools) ? tools : null };
}

/** null: there is none, or it is broken. */
function historyOf(entries: Entries, here: string, all: string, stepAt: (index: number) => unknown): History | null {
  const [at, count] = [Number(entries.get(here)), Number(entries.get(all))];
  // There are as many entries as were written: a number that is wrong makes no endless list.
  if (!(Number.isInteger(at) && at >= 0 && at <= count && count <= entries.size)) return null;
  const steps: Step[] = [];
  for (let index = 0; index < count; index++) {
    const step = stepAt(index);
    if (!isStep(step)) return null;
    steps.push(step);
  }
  return { steps, at };
}
