/** All that the page knows, and how it changes: plain values, and one function. */

import type { Problem } from "../api/http";
import { EMPTY, type History } from "../editor/history";
import type { Tools } from "../editor/tools";
import type { ManyItem } from "../many/contract";
import { DEFAULTS } from "../settings/defaults";
import type { Matte, Photo, Settings, Work } from "./contract";

/** Where something went wrong, and so where it is told. */
export type Place = "matte" | "picture";

/** `closing`: the edits are being made into the picture. */
export type Editing = "off" | "on" | "closing";

/** A picture to be downloaded. */
export interface Result {
  readonly key: string;
  readonly blob: Blob;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

/** What the stage shows; each null as long as it is not known. */
export interface Shown {
  readonly photo: { readonly blob: Blob; readonly width: number; readonly height: number } | null;
  readonly matte: Blob | null;
  readonly cutout: { readonly key: string; readonly blob: Blob } | null;
}

/** What asks for an answer before anything else. `replace`: edits would be lost by what follows. */
export type Dialog = { readonly kind: "shortcuts" } | { readonly kind: "sign-in" } | { readonly kind: "replace" };

/** What another model or quality was chosen in place of, where Cancel leads back to. */
type Before = Pick<Settings, "model" | "quality"> & { readonly matte: Matte; readonly shown: Blob | null };

export interface State {
  readonly screen: "start" | "photo" | "many";
  /** For the next photo; those of the one in work are with it. */
  readonly settings: Settings;
  readonly work: Work | null;
  readonly shown: Shown;
  /** The browser cannot show the photo's own format. */
  readonly foreign: boolean;
  /** The step that looking for the subject is at; null: it is not under way. */
  readonly step: string | null;
  /** The user has cancelled it. */
  readonly stopped: boolean;
  /** null: there is no matte to go back to. */
  readonly before: Before | null;
  /** The picture that is wanted is being made. */
  readonly rendering: boolean;
  readonly result: Result | null;
  readonly problem: { readonly place: Place; readonly problem: Problem } | null;
  /** It is not told any more, and not mended either. */
  readonly dismissed: boolean;
  /** Why what was chosen last is not taken. What is there goes on. */
  readonly refused: Problem | null;
  /** Counts how often something was tried again. */
  readonly attempt: number;
  readonly editing: Editing;
  /** Where the photo ends and the cut-out begins, 0..1; null: they are not compared. */
  readonly compare: number | null;
  readonly dialog: Dialog | null;
  /** The photo in work is one of the queue. */
  readonly item: ManyItem | null;
  /** What comes back to the queue. */
  readonly edited: ManyItem | null;
  /** For models that run at a provider. Kept in memory alone. */
  readonly providerKey: string;
}

const NOTHING: Shown = { photo: null, matte: null, cutout: null };

/** What has become of a photo that was chosen just now. */
const UNTOUCHED = { editedFrom: null, tools: null, matte: null } as const;

/** What is known of a photo before anything is done to it. */
const FRESH = {
  shown: NOTHING,
  foreign: false,
  step: null,
  stopped: false,
  before: null,
  rendering: false,
  result: null,
  problem: null,
  dismissed: false,
  refused: null,
  editing: "off",
  compare: null,
  dialog: null,
} as const;

export const INITIAL: State = {
  ...FRESH,
  screen: "start",
  settings: DEFAULTS,
  work: null,
  attempt: 0,
  item: null,
  edited: null,
  providerKey: "",
};

export type Act =
  | { readonly type: "photo chosen"; readonly photo: Photo }
  /** They are in the queue. */
  | { readonly type: "photos chosen" }
  /** null: it has been read. */
  | { readonly type: "refused"; readonly problem: Problem | null }
  | { readonly type: "queue restored"; readonly settings: Settings }
  /** `queued`: it is one of the queue. */
  | { readonly type: "work restored"; readonly work: Work; readonly queued: boolean }
  | { readonly type: "item opened"; readonly item: ManyItem }
  | { readonly type: "photo left" }
  | { readonly type: "queue closed" }
  | { readonly type: "photo readable"; readonly photo: NonNullable<Shown["photo"]> }
  | { readonly type: "photo foreign" }
  /** The stage cannot show what it was given. */
  | { readonly type: "not shown"; readonly problem: Problem }
  | { readonly type: "step"; readonly step: string }
  | { readonly type: "matte found"; readonly matte: Matte }
  | { readonly type: "matte loaded"; readonly matte: Blob }
  | { readonly type: "matte gone" }
  | { readonly type: "stopped" }
  | { readonly type: "rendering" }
  | { readonly type: "cutout made"; readonly cutout: NonNullable<Shown["cutout"]> }
  | { readonly type: "result made"; readonly result: Result }
  | { readonly type: "failed"; readonly place: Place; readonly problem: Problem }
  | { readonly type: "retry" }
  | { readonly type: "dismissed" }
  | { readonly type: "settings"; readonly settings: Settings }
  | { readonly type: "provider key"; readonly key: string }
  | { readonly type: "history"; readonly history: History }
  | { readonly type: "tools"; readonly tools: Tools }
  | { readonly type: "edit" }
  | { readonly type: "edit done" }
  | { readonly type: "edit cancelled" }
  | { readonly type: "compare"; readonly at: number | null }
  | { readonly type: "dialog"; readonly dialog: Dialog | null };

/** What is set at present: for the photo in work, or else for the next one. */
export const settingsOf = (state: State): Settings => state.work?.settings ?? state.settings;

/** Whether leaving the photo loses something drawn by hand. Photos of the queue are kept there. */
export const wouldLose = (state: State): boolean =>
  state.screen === "photo" && state.item === null && (state.work?.history.steps.length ?? 0) > 0;

/** Whether the server is asked for the subject now. */
export const looksForSubject = (state: State): boolean =>
  state.work !== null && state.work.matte === null && !state.stopped && state.problem?.place !== "matte";

/** What comes of an action. */
export function reduce(state: State, act: Act): State {
  switch (act.type) {
    case "photo chosen":
      return opened(state, { photo: act.photo, settings: settingsOf(state), history: EMPTY, ...UNTOUCHED });
    case "work restored":
      return act.queued ? queued(state, act.work) : opened(state, act.work);
    case "item opened":
      // What is set for one of the queue is set for it alone.
      return {
        ...opened(state, { ...act.item, ...UNTOUCHED, editedFrom: act.item.history }),
        settings: settingsOf(state),
        item: act.item,
      };
    case "photos chosen":
      return state.item ? returned(state, state.item) : { ...left(state), screen: "many" };
    case "refused":
      return { ...state, refused: act.problem };
    case "queue restored":
      return { ...state, screen: "many", settings: act.settings };
    case "photo left":
      return state.item ? returned(state, state.item) : { ...left(state), screen: "start" };
    case "queue closed":
      return { ...left(state), screen: "start", item: null, edited: null };
    case "dialog":
      return { ...state, dialog: act.dialog };
    case "provider key":
      // Another key is another attempt.
      return { ...state, providerKey: act.key, problem: except(state.problem, "matte") };
    case "settings":
      return withSettings(state, act.settings);
    default:
      return ofPhoto(state, act);
  }
}

type ActOfPhoto = Exclude<
  Act,
  {
    type:
      | "photo chosen"
      | "work restored"
      | "item opened"
      | "photos chosen"
      | "refused"
      | "queue restored"
      | "photo left"
      | "queue closed"
      | "dialog"
      | "provider key"
      | "settings";
  }
>;

/** What concerns the photo in work. */
function ofPhoto(state: State, act: ActOfPhoto): State {
  const { shown } = state;
  switch (act.type) {
    case "photo readable":
      return { ...state, shown: { ...shown, photo: act.photo } };
    case "photo foreign":
      return { ...state, foreign: true };
    case "not shown":
      // What the browser cannot decode, the server can; what it has from the server, nobody can.
      return state.foreign
        ? failed(state, "picture", act.problem)
        : { ...state, foreign: true, shown: { ...shown, photo: null } };
    case "step":
      return { ...state, step: act.step };
    case "matte found":
      return { ...withWork(state, { matte: act.matte }), step: null, problem: null, before: null };
    case "matte loaded":
      return { ...state, shown: { ...shown, matte: act.matte } };
    case "matte gone":
      return { ...withWork(state, { matte: null }), rendering: false };
    case "stopped":
      return stopped(state);
    case "rendering":
      return { ...state, rendering: true, problem: except(state.problem, "picture"), dismissed: false };
    case "cutout made":
      return done({ ...state, shown: { ...shown, cutout: act.cutout } });
    case "result made":
      return { ...state, result: act.result, rendering: false };
    case "failed":
      return failed(state, act.place, act.problem);
    case "retry":
      return { ...state, problem: null, dismissed: false, stopped: false, attempt: state.attempt + 1 };
    case "dismissed":
      return { ...state, problem: null, dismissed: true };
    case "history":
      return withWork(state, { history: act.history });
    case "tools":
      return withWork(state, { tools: act.tools });
    case "edit":
      return state.work ? inEditor(state, state.work) : state;
    case "edit done":
      // Where there is nothing to be made anew, nothing is waited for.
      return state.work?.matte ? { ...state, editing: "closing" } : closed(state);
    case "edit cancelled":
      return state.work?.editedFrom ? closed(withWork(state, { history: state.work.editedFrom })) : state;
    case "compare":
      return { ...state, compare: act.at };
  }
}

const opened = (state: State, work: Work): State => ({
  ...state,
  ...FRESH,
  screen: "photo",
  work,
  settings: work.settings,
  item: null,
  editing: work.editedFrom ? "on" : "off",
});

/** One of the queue that was left while it was open is open again. Its id is the photo's. */
const queued = (state: State, work: Work): State => ({
  ...opened(state, work),
  settings: settingsOf(state),
  item: { ...work, id: work.photo.id },
});

/** The settings outlive the photo. */
const left = (state: State): State => ({ ...state, ...FRESH, settings: settingsOf(state), work: null });

/** An item goes back to its queue with what was done to it. The settings of the others stay what they are. */
function returned(state: State, item: ManyItem): State {
  const work = state.work;
  const edited = work ? { ...item, settings: work.settings, history: work.history } : null;
  return { ...state, ...FRESH, screen: "many", work: null, item: null, edited };
}

const withWork = (state: State, part: Partial<Work>): State =>
  state.work ? { ...state, work: { ...state.work, ...part } } : state;

/** Another model or quality means another matte; anything else is drawn from the one that is there. */
function withSettings(state: State, settings: Settings): State {
  if (state.work === null) return { ...state, settings };
  const before = state.work.settings;
  const same = before.model === settings.model && before.quality === settings.quality;
  const kept = same ? state : { ...searching(state, state.work), stopped: false, problem: null };
  return {
    ...withWork(kept, { settings, matte: same ? state.work.matte : null }),
    settings: state.item ? state.settings : settings,
  };
}

const searching = (state: State, { settings: { model, quality }, matte }: Work): State => ({
  ...state,
  before: matte ? { model, quality, matte, shown: state.shown.matte } : state.before,
  shown: { ...state.shown, matte: null },
});

/** Looking is given up. Where another model or quality was tried, all is as it was before. */
function stopped(state: State): State {
  const { work, before } = state;
  if (!work || !before) return { ...state, stopped: true, step: null };
  const { model, quality, matte, shown } = before;
  const settings = { ...work.settings, model, quality };
  return {
    ...withWork(state, { settings, matte }),
    settings: state.item ? state.settings : settings,
    shown: { ...state.shown, matte: shown },
    before: null,
    step: null,
  };
}

function failed(state: State, place: Place, problem: Problem): State {
  const editing = state.editing === "closing" ? "on" : state.editing;
  return { ...state, problem: { place, problem }, dismissed: false, step: null, rendering: false, editing };
}

const done = (state: State): State => (state.editing === "closing" ? closed(state) : state);

const inEditor = (state: State, { history }: Work): State => ({
  ...withWork(state, { editedFrom: history }),
  editing: "on",
  compare: null,
});

const closed = (state: State): State => ({ ...withWork(state, { editedFrom: null }), editing: "off" });

const except = (problem: State["problem"], place: Place): State["problem"] =>
  problem?.place === place ? null : problem;
