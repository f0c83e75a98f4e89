/** Names of what is downloaded. */

import type { Settings } from "../app/contract";

// What no file may be called by on some system, or none may hold in its name.
const FORBIDDEN = /["*/:<>?\\|\p{Cc}]/gu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

// Systems take 255 bytes; what follows the photo's own name needs some.
const MOST_BYTES = 220;

/** `cat.jpg` → `cat-cutout.png`, as a name that every system takes: what some do not is written as browsers do. */
export function cutoutName(photo: string, format: Settings["file"]["format"]): string {
  const name = photo
    .replace(/\.[A-Za-z0-9]{1,5}$/, "")
    .replace(FORBIDDEN, "_")
    // Hidden by a dot, or beside the name by a space.
    .replace(/^[\s.]+|[\s.]+$/gu, "")
    .replace(RESERVED, "_$1");
  return `${shortened(name) || "photo"}-cutout.${format}`;
}

/** As much of a name as there is room for, by whole characters. */
function shortened(name: string): string {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= MOST_BYTES) return name;
  return new TextDecoder().decode(bytes.subarray(0, MOST_BYTES)).replace(/\ufffd+$/, "");
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
