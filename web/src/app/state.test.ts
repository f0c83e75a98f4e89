import { expect, test } from "vitest";
import { Problem } from "../api/http";
import { add, EMPTY, undo } from "../editor/history";
import type { Edit } from "../edits";
import { DEFAULTS } from "../settings/defaults";
import type { Matte, Photo, Settings, Work } from "./contract";
import { type Act, INITIAL, looksForSubject, reduce, type State, settingsOf, wouldLose } from "./state";

const PHOTO: Photo = { id: "p", name: "cat.jpg", file: new Blob(["x"]) };
const MATTE: Matte = { id: "m", width: 4, height: 3, subject: true, confidence: 0.9, model: "u2netp" };
const CLOSED = { editedFrom: null, tools: null };
const EDIT: Edit = { kind: "brush", action: "add", points: [[1, 1]], radius: 2, hardness: 1, opacity: 1 };
const BUSY = new Problem("server_full", "Full.", "Wait.", 503);

const after = (...acts: Act[]): State => acts.reduce(reduce, INITIAL);
const chosen: Act = { type: "photo chosen", photo: PHOTO };
const found: Act = { type: "matte found", matte: MATTE };
const set = (part: Partial<Settings>): Act => ({ type: "settings", settings: { ...DEFAULTS, ...part } });
const drawn: Act = { type: "history", history: add(EMPTY, EDIT) };
const cutout: Act = { type: "cutout made", cutout: { key: "k", blob: new Blob(["c"]) } };

test("choosing a photo has its subject looked for, at once and until it is found", () => {
  expect(looksForSubject(INITIAL)).toBe(false);
  expect(looksForSubject(after(chosen))).toBe(true);
  expect(looksForSubject(after(chosen, { type: "step", step: "infer" }))).toBe(true);
  const done = after(chosen, { type: "step", step: "infer" }, found);
  expect([looksForSubject(done), done.step]).toEqual([false, null]);
});

test("cancelling stops it, and going on begins it once more", () => {
  const stopped = after(chosen, { type: "step", step: "infer" }, { type: "stopped" });
  expect([looksForSubject(stopped), stopped.step]).toEqual([false, null]);
  expect(looksForSubject(reduce(stopped, { type: "retry" }))).toBe(true);
});

test("a failure is told, and nothing is asked again by itself", () => {
  const failed = after(chosen, { type: "failed", place: "matte", problem: BUSY });
  expect(looksForSubject(failed)).toBe(false);
  const again = reduce(failed, { type: "retry" });
  expect([looksForSubject(again), again.problem, again.attempt]).toEqual([true, null, 1]);
});

test("edges, background and file are drawn from the same matte; a model or a quality needs another", () => {
  const ready = after(chosen, found, { type: "matte loaded", matte: new Blob(["m"]) });
  const edges = { feather: 3, edgeShift: 0, translucency: 50 };
  expect(reduce(ready, set({ edges })).work?.matte).toBe(MATTE);
  const other = reduce(ready, set({ quality: "best" }));
  expect([other.work?.matte, other.shown.matte, looksForSubject(other)]).toEqual([null, null, true]);
  expect(looksForSubject(reduce(ready, set({ model: "isnet-general" })))).toBe(true);
});

test("what is drawn outlives another model, and is made anew of its matte", () => {
  const state = after(chosen, found, drawn, set({ model: "isnet-general" }));
  expect(state.work?.history.steps).toHaveLength(1);
});

test("a matte that is gone is looked for again, and all that is shown stays", () => {
  const before = after(chosen, found, drawn, cutout);
  const gone = reduce(before, { type: "matte gone" });
  expect([looksForSubject(gone), gone.shown]).toEqual([true, before.shown]);
  expect(gone.work?.history).toBe(before.work?.history);
});

test("another photo begins anew with the settings of the one before", () => {
  const next = after(chosen, set({ behind: { kind: "blur", radius: 9 } }), found, drawn, cutout, {
    type: "photo chosen",
    photo: { ...PHOTO, id: "q" },
  });
  expect(next.work?.settings.behind).toEqual({ kind: "blur", radius: 9 });
  expect([next.work?.history, next.work?.matte, next.shown.cutout]).toEqual([EMPTY, null, null]);
  const left = after(chosen, set({ quality: "fast" }), { type: "photo left" });
  expect([left.screen, left.work, settingsOf(left).quality]).toEqual(["start", null, "fast"]);
});

test("leaving asks as long as something drawn would be lost, undone steps among it", () => {
  expect(wouldLose(after(chosen, found))).toBe(false);
  expect(wouldLose(after(chosen, found, drawn))).toBe(true);
  expect(wouldLose(after(chosen, found, { type: "history", history: undo(add(EMPTY, EDIT)) }))).toBe(true);
});

test("the editor closes when the picture with its edits is there, and stays open where that fails", () => {
  const editing = after(chosen, found, cutout, { type: "edit" }, drawn);
  expect(editing.editing).toBe("on");
  const closing = reduce(editing, { type: "edit done" });
  expect(closing.editing).toBe("closing");
  expect(reduce(closing, cutout).editing).toBe("off");
  expect(reduce(closing, { type: "failed", place: "picture", problem: BUSY }).editing).toBe("on");
});

test("a new attempt at a picture takes back what was said of the last, and of nothing else", () => {
  const failed = after(chosen, found, { type: "failed", place: "picture", problem: BUSY });
  expect(reduce(failed, { type: "rendering" }).problem).toBeNull();
  const matte = after(chosen, { type: "failed", place: "matte", problem: BUSY });
  expect(reduce(matte, { type: "rendering" }).problem).not.toBeNull();
});

test("a file that cannot be used changes nothing about the photo that is there", () => {
  const working = after(chosen, { type: "step", step: "infer" });
  const refused = reduce(working, { type: "refused", problem: BUSY });
  expect(refused).toEqual({ ...working, refused: BUSY });
  expect(reduce(refused, { type: "refused", problem: null })).toEqual(working);
  const failed = after(chosen, { type: "failed", place: "matte", problem: BUSY }, { type: "refused", problem: BUSY });
  expect([looksForSubject(failed), failed.problem?.place]).toEqual([false, "matte"]);
  // The next choice may be right.
  expect(reduce(refused, { type: "photo chosen", photo: { ...PHOTO, id: "q" } }).refused).toBeNull();
});

test("a failure that is dismissed can be tried again, until that is done", () => {
  const failed = after(chosen, found, { type: "failed", place: "picture", problem: BUSY });
  const dismissed = reduce(failed, { type: "dismissed" });
  expect([failed.dismissed, dismissed.dismissed, dismissed.problem]).toEqual([false, true, null]);
  const acts: Act[] = [
    { type: "retry" },
    { type: "rendering" },
    { type: "failed", place: "picture", problem: BUSY },
    { type: "photo chosen", photo: PHOTO },
  ];
  for (const act of acts) expect(reduce(dismissed, act).dismissed).toBe(false);
});

test("cancelling another model or quality leads back to what was there", () => {
  const loaded: Act = { type: "matte loaded", matte: new Blob(["m"]) };
  const ready = after(chosen, found, loaded, cutout);
  const blue = { behind: { kind: "colour", colour: "#0000ff" } } as const;
  const looking = [set({ quality: "best" }), set({ quality: "best", model: "auto" }), set({ ...blue, model: "auto" })];
  const cancelled = reduce(looking.reduce(reduce, ready), { type: "stopped" });
  // What else was set meanwhile stays.
  expect(cancelled.work?.settings).toEqual({ ...DEFAULTS, ...blue });
  expect(settingsOf(reduce(cancelled, { type: "photo left" }))).toEqual({ ...DEFAULTS, ...blue });
  expect([cancelled.work?.matte, cancelled.shown.matte]).toEqual([MATTE, ready.shown.matte]);
  expect([cancelled.stopped, looksForSubject(cancelled)]).toEqual([false, false]);
  // Once it is found, the way back is another choice.
  const other = { ...MATTE, id: "n" };
  const best = [set({ quality: "best" }), { type: "matte found", matte: other } as const].reduce(reduce, ready);
  const gone = [{ type: "matte gone" }, { type: "stopped" }] as const;
  expect(gone.reduce<State>(reduce, best)).toMatchObject({ stopped: true, work: { settings: { quality: "best" } } });
});

test("photos that are chosen while one of the queue is open go there, and what was done to that one as well", () => {
  const item = { id: "i", photo: PHOTO, settings: { ...DEFAULTS, quality: "fast" as const }, history: EMPTY };
  const open = after(set({ quality: "best" }), { type: "item opened", item }, drawn, { type: "edit done" }, cutout);
  const back = reduce(open, { type: "photos chosen" });
  expect([back.screen, back.item, back.edited?.id, back.edited?.history.steps.length]).toEqual(["many", null, "i", 1]);
  expect(settingsOf(back).quality).toBe("best");
});

test("what the browser cannot show is asked of the server once, and then told", () => {
  const photo = { blob: PHOTO.file, width: 4, height: 3 };
  const shown = after(chosen, { type: "photo readable", photo });
  const first = reduce(shown, { type: "not shown", problem: BUSY });
  expect([first.foreign, first.shown.photo, first.problem]).toEqual([true, null, null]);
  expect(reduce(first, { type: "not shown", problem: BUSY }).problem?.problem).toBe(BUSY);
});

test("a photo of the queue goes back there with what was done to it, and its settings stay its own", () => {
  const item = { id: "i", photo: PHOTO, settings: { ...DEFAULTS, quality: "fast" as const }, history: EMPTY };
  const opened = after(set({ quality: "best" }), { type: "item opened", item });
  expect([opened.screen, opened.editing, wouldLose(reduce(opened, drawn))]).toEqual(["photo", "on", false]);
  const back = [drawn, set({ quality: "fast", model: "auto" }), { type: "photo left" } as const].reduce(reduce, opened);
  expect([back.screen, back.work]).toEqual(["many", null]);
  expect(back.edited?.id).toBe("i");
  expect(back.edited?.history.steps).toHaveLength(1);
  expect(back.edited?.settings.model).toBe("auto");
  expect(settingsOf(back).quality).toBe("best");
});

test("work that was kept comes back as it was, with its matte", () => {
  const work = {
    photo: PHOTO,
    settings: { ...DEFAULTS, model: "auto" },
    history: add(EMPTY, EDIT),
    ...CLOSED,
    matte: MATTE,
  };
  const state = after({ type: "work restored", work, queued: false });
  expect([state.screen, state.work, looksForSubject(state)]).toEqual(["photo", work, false]);
  expect(settingsOf(state).model).toBe("auto");
});

test("the editor is open again where it was, and Cancel leads back to where it was opened", () => {
  const from = add(EMPTY, EDIT);
  const editing = after(chosen, found, { type: "history", history: from }, { type: "edit" });
  const drawnOver = reduce(editing, { type: "history", history: add(undo(from), EDIT) });
  const { work } = drawnOver as { work: Work };
  const again = reduce(INITIAL, { type: "work restored", work, queued: false });
  expect([again.editing, again.work]).toEqual(["on", work]);
  const left = reduce(again, { type: "edit cancelled" });
  expect([left.editing, left.work?.history, left.work?.editedFrom]).toEqual(["off", from, null]);
});

test("an editor that is left is closed after a reload, too, however it was left", () => {
  const editing = after(chosen, found, { type: "edit" }, drawn, { type: "edit done" });
  // As long as the picture is not made, it may have to go on.
  expect(editing.work?.editedFrom).toBe(EMPTY);
  expect(reduce(editing, { type: "failed", place: "picture", problem: BUSY }).work?.editedFrom).toBe(EMPTY);
  expect(reduce(editing, cutout).work?.editedFrom).toBeNull();
  expect(reduce(editing, { type: "edit cancelled" }).work?.editedFrom).toBeNull();
  expect(after(chosen, { type: "edit" }, { type: "edit done" }).work?.editedFrom).toBeNull();
});

test("one of the queue that was open is open again, and goes back to the queue", () => {
  const own = { ...DEFAULTS, quality: "fast" as const };
  const work = { photo: PHOTO, settings: own, history: add(EMPTY, EDIT), ...CLOSED, matte: MATTE };
  const state = after({ type: "queue restored", settings: DEFAULTS }, { type: "work restored", work, queued: true });
  expect([state.screen, state.settings, wouldLose(state)]).toEqual(["photo", DEFAULTS, false]);
  const drawing = reduce(INITIAL, { type: "work restored", work: { ...work, editedFrom: EMPTY }, queued: true });
  expect([state.editing, drawing.editing]).toEqual(["off", "on"]);
  const back = reduce(state, { type: "photo left" });
  expect([back.screen, back.edited?.id, back.edited?.history]).toEqual(["many", PHOTO.id, work.history]);
});
