/** A queue for tests. */

import type { Settings } from "../app/contract";
import { add, EMPTY } from "../editor/history";
import type { Edit } from "../edits";
import { DEFAULTS } from "../settings/defaults";
import type { Batch, Item, ManyItem } from "./contract";
import { type Action, empty, reduce, type Told } from "./state";

export const WHITE: Settings = { ...DEFAULTS, behind: { kind: "colour", colour: "#ffffff" } };

export const STROKE: Edit = {
  kind: "brush",
  action: "remove",
  points: [[5, 5]],
  radius: 3,
  hardness: 1,
  opacity: 1,
};

/** A queue after some actions. */
export const happen = (batch: Batch, ...actions: readonly Action[]): Batch => actions.reduce(reduce, batch);

/** A queue of photos that wait, with as many bytes as said. */
export const photos = (sizes: Readonly<Record<string, number>>): Batch =>
  happen(empty(DEFAULTS), {
    type: "add",
    photos: Object.entries(sizes).map(([id, size]) => ({
      photo: { id, name: `${id}.jpg`, file: new Blob(["x".repeat(size)]) },
      problem: null,
    })),
  });

/** An item of a queue. */
export function item(batch: Batch, id: string): Item {
  const found = batch.items.find((each) => each.id === id);
  if (!found) throw new Error(`no item ${id}`);
  return found;
}

/** The states of all items, by their ids. */
export const states = (batch: Batch): Readonly<Record<string, string>> =>
  Object.fromEntries(batch.items.map(({ id, state }) => [id, state.kind]));

/** An item as the editor gives it back, with one stroke more. */
export const drawnOn = (batch: Batch, id: string): ManyItem => {
  const { photo, own, history } = item(batch, id);
  return { id, photo, settings: own ?? batch.settings, history: add(history, STROKE) };
};

/** A job of these items that the server has accepted as `id`. */
export const sent = (batch: Batch, key: string, ids: readonly string[], edits: readonly Edit[] = []): Batch =>
  happen(
    batch,
    { type: "send", job: { key, id: null, items: ids, recipe: { settings: batch.settings, edits }, ended: false } },
    { type: "accepted", key, id: `id-${key}` },
  );

/** What the server says of a picture. */
export const told = (number: number, state: Told["state"]): Told => ({
  number,
  state,
  bytes: state === "done" ? 100 : 0,
  subject: true,
  confidence: 0.9,
  problem: state === "failed" ? { error: "no", code: "damaged_image", hint: "send another" } : null,
});

/** All pictures of a job are made. */
export const made = (batch: Batch, key: string): Batch => {
  const count = batch.jobs.find((job) => job.key === key)?.items.length ?? 0;
  const pictures = Array.from({ length: count }, (_, index) => told(index + 1, "done"));
  return happen(batch, { type: "told", key, pictures }, { type: "ended", key });
};

export { EMPTY };
