/** The plain photo by one key or button: shown while it is held, or from one short press to the next. */

export interface Original {
  readonly shown: boolean;
  /** The press that has not ended yet. */
  readonly press: { readonly since: number; readonly shows: boolean } | null;
}

export const HIDDEN: Original = { shown: false, press: null };

// Who holds something that long does not mean a click.
const CLICK_MS = 300;

/** It goes down; keys do so again and again while they are held. */
export function down(state: Original, now: number): Original {
  if (state.press !== null) return state;
  return { shown: !state.shown, press: { since: now, shows: !state.shown } };
}

export function up({ shown, press }: Original, now: number): Original {
  if (press === null) return { shown, press };
  return { shown: press.shows && now - press.since < CLICK_MS, press: null };
}
