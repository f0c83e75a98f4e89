/** Files in the data base: each is an entry of its own, however many settings mention it. */

import type { Settings } from "../app/contract";
import { isSettings } from "./check";
import type { Entries } from "./slot";
import { word } from "./word";

/** Whether a file's bytes are still there: browsers may clear them away one by one. */
export async function readable(file: Blob): Promise<boolean> {
  try {
    return file.size === 0 || (await file.slice(0, 1).arrayBuffer()).byteLength > 0;
  } catch {
    return false;
  }
}

/** Settings whose picture behind, if there is one, is called by its name. */
export interface Apart {
  readonly settings: unknown;
  readonly images: readonly (readonly [entry: string, image: Blob])[];
}

const names = new WeakMap<Blob, string>();
const known = new WeakMap<Settings, Apart>();

/** Settings and their picture, each to be kept by itself. The same for the same settings. */
export function apart(settings: Settings): Apart {
  const before = known.get(settings);
  if (before) return before;
  const made = taken(settings);
  known.set(settings, made);
  return made;
}

function taken(settings: Settings): Apart {
  if (settings.behind.kind !== "image") return { settings, images: [] };
  const { image } = settings.behind;
  const name = names.get(image) ?? `image:${word()}`;
  names.set(image, name);
  return { settings: { ...settings, behind: { kind: "image", image: name } }, images: [[name, image]] };
}

/** The settings that were taken apart, by the entries that were read; null: they are broken. */
export function together(value: unknown, entries: Entries): Settings | null {
  const behind = (value as { behind?: { kind?: unknown; image?: unknown } } | null | undefined)?.behind;
  const name = behind?.kind === "image" ? behind.image : null;
  if (typeof name !== "string") return isSettings(value) ? value : null;
  const image = entries.get(name);
  const whole: unknown = { ...(value as object), behind: { kind: "image", image } };
  if (!isSettings(whole)) return null;
  if (image instanceof Blob) names.set(image, name);
  return whole;
}
