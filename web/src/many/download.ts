/** Taking all results away at once. */

import type { Batch, Item } from "./contract";
import { resultUrl, zipUrl } from "./jobs";
import { cutoutName, unique } from "./names";

/** The name of a result's file; null: there is none. */
export const fileName = (item: Item): string | null =>
  item.result && cutoutName(item.photo.name, item.result.recipe.settings.file.format);

/** What is there to be taken. */
export interface Take {
  /** The address of an archive that the server makes; null: it takes one that is made here. */
  readonly whole: string | null;
  readonly files: readonly { readonly name: string; readonly url: string }[];
}

// What a page had better not hold in memory.
const LARGE_BYTES = 1_000_000_000;

/**
 * All results. The server's own archive holds one job, as it was sent, and names results in a way of its own: it serves
 * where that is all, and much.
 */
export function takeAll({ items, jobs }: Batch): Take {
  const made = items.flatMap((item) => (item.result ? [{ item, result: item.result }] : []));
  const names = unique(made.map(({ item }) => fileName(item) ?? ""));
  const files = made.map(({ result }, index) => ({
    name: names[index] as string,
    url: resultUrl(result.job, result.number),
  }));
  const ids = new Set(made.map(({ result }) => result.job));
  const [id] = ids;
  const job = jobs.find((each) => each.id === id);
  const all = job?.ended && ids.size === 1 && job.items.length === made.length && made.length === items.length;
  const bytes = made.reduce((sum, { result }) => sum + result.bytes, 0);
  return { whole: all && id && bytes > LARGE_BYTES ? zipUrl(id) : null, files };
}

/** Saves a file as if a link to it had been followed. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers begin to read it a moment later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
