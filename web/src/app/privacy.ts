/** The line that says where photos go. It has to be true wherever the page comes from. */

import { en } from "../text/en";

/** What the server says about how long it keeps what it is sent. */
export interface Keeping {
  /** Seconds after the last use of a photo; null: not at all. */
  readonly keeps_seconds: number | null;
  readonly jobs: { readonly keeps_seconds: number } | null;
}

/** `keeping`: null as long as the server has not said. */
export function privacyLine(host: string, keeping: Keeping | null): string {
  if (isLoopback(host)) return en.start.privacyHere;
  const where = en.start.privacyThere(host);
  if (keeping === null) return where;
  if (keeping.keeps_seconds === null) return `${where} ${en.start.privacyNotKept}`;
  const kept = en.start.privacyKept(span(keeping.keeps_seconds));
  return [where, kept, keeping.jobs && en.start.privacyMany(span(keeping.jobs.keeps_seconds))]
    .filter(Boolean)
    .join(" ");
}

/** Whether a name means the computer that the page is open on. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/** A time in words, in the largest unit that says it exactly. */
export function span(seconds: number): string {
  const units = [
    [86_400, en.units.days],
    [3600, en.units.hours],
    [60, en.units.minutes],
  ] as const;
  for (const [length, say] of units) if (seconds % length === 0) return say(seconds / length);
  return en.units.seconds(seconds);
}
