/** Which edits the engine has, and what it has to be told when the app wants others. */

import type { Edit } from "../edits";
import type { SentEdit } from "./messages";

/** The first `keep` edits stay; these follow. */
export interface Difference {
  readonly keep: number;
  readonly add: readonly SentEdit[];
}

// So long an edit that was drawn here is shown without the app having it. It has refused it then.
const PATIENCE_MS = 500;

/** Edits are known by being the same object, and have numbers, as no object stays the same on its way to a worker. */
export class Ledger {
  private readonly ids = new WeakMap<Edit, number>();
  private last = 0;
  private sent: readonly Edit[] = [];
  private list: readonly Edit[] = [];
  /** Drawn here, and not yet in the app's list. */
  private drawn: { readonly edit: Edit; until: number }[] = [];

  /** A number for a stroke that begins. */
  next(): number {
    this.last += 1;
    return this.last;
  }

  idOf(edit: Edit): number {
    const known = this.ids.get(edit);
    if (known !== undefined) return known;
    const id = this.next();
    this.ids.set(edit, id);
    return id;
  }

  /** The engine has painted this stroke as it was drawn. It stays until `release` and a while beyond. */
  drew(edit: Edit, id: number): Difference | null {
    this.ids.set(edit, id);
    this.drawn.push({ edit, until: Number.POSITIVE_INFINITY });
    return this.difference();
  }

  /** The app has been told of all that was drawn; when it can be asked for again by `settle`. */
  release(now: number): number {
    for (const each of this.drawn) each.until = Math.min(each.until, now + PATIENCE_MS);
    return now + PATIENCE_MS;
  }

  /** What has been drawn and not been told is to vanish. */
  drop(): Difference | null {
    this.drawn = this.drawn.filter(({ until }) => until !== Number.POSITIVE_INFINITY);
    return this.difference();
  }

  /** The app wants these edits. */
  want(list: readonly Edit[]): Difference | null {
    if (list === this.list && this.drawn.length === 0) return null;
    this.list = list;
    if (this.drawn.length > 0) {
      const has = new Set(list);
      this.drawn = this.drawn.filter(({ edit }) => !has.has(edit));
    }
    return this.difference();
  }

  /** What the app has not taken by now vanishes. */
  settle(now: number): Difference | null {
    this.drawn = this.drawn.filter(({ until }) => until > now);
    return this.difference();
  }

  private difference(): Difference | null {
    const wanted = [...this.list, ...this.drawn.map(({ edit }) => edit)];
    let keep = 0;
    while (keep < wanted.length && wanted[keep] === this.sent[keep]) keep++;
    if (keep === wanted.length && keep === this.sent.length) return null;
    this.sent = wanted;
    return { keep, add: wanted.slice(keep).map((edit) => ({ id: this.idOf(edit), edit })) };
  }
}
