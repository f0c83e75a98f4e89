/** When a matte that the server keeps no more is made again by itself. */

// One that is gone again so soon after it was made would be made for ever.
const SOON_MS = 10_000;

/** `under way`: what was asked of it before has already said so. */
export type Remaking = "again" | "under way" | "too soon";

/** Judges one by one what is gone, by the matte's id and the time. */
export function remaking(): (id: string, now: number) => Remaking {
  let last: { readonly id: string; readonly at: number } | null = null;
  return (id, now) => {
    if (last && now - last.at < SOON_MS) return last.id === id ? "under way" : "too soon";
    last = { id, at: now };
    return "again";
  };
}
