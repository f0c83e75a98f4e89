/** The line that says where photos go. It has to be true wherever the page comes from. */

import { en } from "../text/en";

const text = en.start;

/** What the server says about how long it keeps what it is sent. */
export interface Keeping {
  /** Seconds after the last use of a photo; null: not at all. */
  readonly keeps_seconds: number | null;
  readonly jobs: { readonly keeps_seconds: number } | null;
}

/** `keeping`: null as long as the server has not said. */
export function privacyLine(host: string, keeping: Keeping | null): string {
  // By a forwarded port the own computer's name leads to another one.
  const where = text.privacy(isLoopback(host) ? null : host);
  if (keeping === null) return `${where}.`;
  const { keeps_seconds: kept, jobs } = keeping;
  if (kept === null) return `${where}, ${text.privacyNotKept}.`;
  const many = jobs && jobs.keeps_seconds !== kept ? ` ${text.privacyMany(span(jobs.keeps_seconds))}` : "";
  return `${where}, ${text.privacyKept(span(kept))}.${many}`;
}

/** Whether a name means the computer that the page is open on, unless it is forwarded. */
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
