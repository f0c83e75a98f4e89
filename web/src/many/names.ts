/** Names of what is downloaded. */

import type { Settings } from "../app/contract";

/** `cat.jpg` → `cat-cutout.png`. */
export function cutoutName(photo: string, format: Settings["file"]["format"]): string {
  const name = photo.replace(/\.[A-Za-z0-9]{1,5}$/, "");
  return `${name || "photo"}-cutout.${format}`;
}

/** Names of which no two are alike, also where capitals do not count: later ones get -2, -3 …. */
export function unique(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const [, stem = name, suffix = ""] = /^(.+?)(\.[A-Za-z0-9]+)?$/su.exec(name) ?? [];
    let free = name;
    for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${stem}-${count}${suffix}`;
    taken.add(free.toLowerCase());
    return free;
  });
}
