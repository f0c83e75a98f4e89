/** Jobs of the server: sending, watching, and where results are. */

import { ask, askJson, sentence } from "../api/http";
import type { components } from "../api/schema";
import type { Item, Job } from "./contract";
import { recipeFields } from "./recipe";
import type { Told } from "./state";

type JobInfo = components["schemas"]["JobInfo"];
type ItemInfo = components["schemas"]["ItemInfo"];

const PLACE = "/api/v1/jobs";

/** Where a picture of a job is. */
export const resultUrl = (id: string, number: number): string => `${PLACE}/${id}/items/${number}/result`;

/** Where all pictures of a job are, as a ZIP. */
export const zipUrl = (id: string): string => `${PLACE}/${id}/results.zip`;

/** What the queue asks of the server. All throw Problem. */
export interface Api {
  /** The server's id of a job; the same where it had it already. */
  send(job: Job, items: readonly Item[], signal: AbortSignal): Promise<string>;
  /** Whether it has ended. */
  hasEnded(id: string): Promise<boolean>;
  /** Its pictures after a number. */
  pictures(id: string, after: number, most: number): Promise<readonly Told[]>;
  cancel(id: string): Promise<void>;
  /** Deletes a job with its results. */
  remove(id: string): Promise<void>;
  /** Deletes what was sent under a job's key, if there is anything, also if it is still on its way. */
  removeSent(key: string): Promise<void>;
  /** Tells what happens to it until it has ended or `stop` is called; `onLost` where it cannot be heard. */
  listen(id: string, ear: Ear): { stop(): void };
}

export interface Ear {
  onPictures(pictures: readonly Told[]): void;
  /** Something is different; what, is to be asked for. */
  onChange(): void;
  onEnd(): void;
  onLost(): void;
}

export const api: Api = {
  async send(job, items, signal) {
    const body = new FormData();
    for (const { photo } of items) body.append("image", photo.file, photo.name);
    for (const [name, value] of recipeFields(job.recipe)) body.append(name, value);
    // Edited by hand, and looked at: before all that is made by itself.
    if (job.recipe.edits.length > 0) body.append("priority", "high");
    const headers = { "Idempotency-Key": job.key };
    return (await askJson<JobInfo>(PLACE, { method: "POST", body, headers, signal })).id;
  },

  async hasEnded(id) {
    const { state } = await askJson<JobInfo>(`${PLACE}/${id}`);
    return state === "done" || state === "cancelled";
  },

  async pictures(id, after, most) {
    const found = await askJson<{ items: ItemInfo[] }>(`${PLACE}/${id}/items?after=${after}&limit=${most}`);
    return found.items.map(toldOf);
  },

  async cancel(id) {
    await ask(`${PLACE}/${id}/cancel`, { method: "POST" });
  },

  async remove(id) {
    await ask(`${PLACE}/${id}`, { method: "DELETE" });
  },

  async removeSent(key) {
    await ask(PLACE, { method: "DELETE", headers: { "Idempotency-Key": key } });
  },

  listen,
};

// A line that breaks is opened again by the browser, a few seconds later each time.
const MOST_BREAKS = 2;

function listen(id: string, ear: Ear): { stop(): void } {
  const source = new EventSource(`${PLACE}/${id}/events`);
  let breaks = 0;
  source.addEventListener("picture", (event) => ear.onPictures([toldOf(JSON.parse(event.data) as ItemInfo)]));
  source.addEventListener("job", () => {
    breaks = 0;
    ear.onChange();
  });
  source.addEventListener("end", () => {
    source.close();
    ear.onEnd();
  });
  source.addEventListener("error", () => {
    breaks += 1;
    if (source.readyState !== EventSource.CLOSED && breaks < MOST_BREAKS) return;
    source.close();
    ear.onLost();
  });
  return { stop: () => source.close() };
}

const toldOf = ({ number, state, bytes, subject, confidence, problem }: ItemInfo): Told => ({
  number,
  state,
  bytes: bytes ?? 0,
  subject: subject ?? true,
  confidence: confidence ?? null,
  problem: problem && { ...problem, error: sentence(problem.error), hint: sentence(problem.hint) },
});
