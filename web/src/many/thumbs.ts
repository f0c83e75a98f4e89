/** Small pictures of photos and results: made when their card comes near, kept as addresses. */

import { useSyncExternalStore } from "react";
import { beside, NotMade } from "./beside";

/** Twice as many pixels as a card is wide, for dense screens. */
const SIDE = 360;

// Until a server that does not answer is asked again.
const PAUSE_MS = 5_000;

/** `url`: it can be shown. `none`: this browser cannot show it. `gone`: it is not on the server any more. */
export type Thumb = { readonly url: string } | "none" | "gone";

const made = new Map<string, Thumb>();
const wanted = new Map<string, Blob | string>();
const listeners = new Map<string, Set<() => void>>();
let working = false;

/** The small picture of a key, once it was asked for and is there. */
export const useThumb = (key: string | null): Thumb | null =>
  useSyncExternalStore(
    (listener) => subscribe(key ?? "", listener),
    () => (key === null ? null : (made.get(key) ?? null)),
  );

/** Asks for a small picture of a file or of what is at an address. */
export function wantThumb(key: string, of: Blob | string): void {
  if (made.has(key)) return;
  wanted.set(key, of);
  if (!working) void work();
}

/** Its card has gone out of sight before it was made. */
export const unwantThumb = (key: string): void => void wanted.delete(key);

/** Frees the small pictures whose keys do not stay. */
export function freeThumbs(stays: (key: string) => boolean): void {
  for (const [key, thumb] of made) {
    if (stays(key)) continue;
    made.delete(key);
    if (typeof thumb === "object") URL.revokeObjectURL(thumb.url);
  }
}

async function work(): Promise<void> {
  working = true;
  for (let next = first(); next; next = first()) {
    const [key, of] = next;
    wanted.delete(key);
    const thumb = await make(of);
    if (thumb === null) {
      setTimeout(() => wantThumb(key, of), PAUSE_MS);
      continue;
    }
    made.set(key, thumb);
    for (const listener of listeners.get(key) ?? []) listener();
  }
  working = false;
}

const first = (): [string, Blob | string] | undefined => wanted.entries().next().value;

async function make(of: Blob | string): Promise<Thumb | null> {
  try {
    return { url: URL.createObjectURL(await beside({ kind: "thumb", of, side: SIDE })) };
  } catch (error) {
    const code = error instanceof NotMade ? error.code : "unreadable";
    return code === "offline" ? null : code === "gone" ? "gone" : "none";
  }
}

function subscribe(key: string, listener: () => void): () => void {
  const those = listeners.get(key) ?? new Set();
  listeners.set(key, those.add(listener));
  return () => {
    those.delete(listener);
    if (those.size === 0) listeners.delete(key);
  };
}
