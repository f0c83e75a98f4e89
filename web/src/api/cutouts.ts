/** A matte once, its pictures as often as wanted. */

import type { Matte, Settings } from "../app/contract";
import type { Edit, GrowEdit, Reach } from "../edits";
import { type Field, matteFields, pictureFields } from "../settings/fields";
import { en } from "../text/en";
import { events } from "./events";
import { ask, askFile, askJson, isAbort, Problem, problemFrom, problemOf, type Refusal } from "./http";
import type { components } from "./schema";

type MatteInfo = components["schemas"]["MatteInfo"];

export interface MatteRequest {
  readonly photo: Blob;
  readonly name: string;
  readonly settings: Pick<Settings, "model" | "quality">;
  /** For a model that runs at a provider. */
  readonly providerKey?: string;
  /** Called with the name of each step as it begins. */
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal;
}

/** A picture of a matte. */
export interface Picture {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
}

/** Finds the subject of a photo. Throws Problem; an abort stops the server's work at its next step. */
export async function makeMatte(request: MatteRequest): Promise<Matte> {
  const { signal, onStep } = request;
  const headers = new Headers({ Accept: "text/event-stream" });
  if (request.providerKey) headers.set("X-Provider-Key", request.providerKey);
  const body = formOf([["image", named(request.photo, request.name)], ...matteFields(request.settings)]);
  onStep("send");
  const answer = await ask("/api/v1/mattes", { method: "POST", body, headers, signal });
  if (!(answer.headers.get("Content-Type") ?? "").startsWith("text/event-stream") || answer.body === null) {
    return matteOf((await answer.json()) as MatteInfo);
  }
  return matteOf(await told<MatteInfo>(answer.body, "matte", onStep));
}

/** What an answer in events says at its end. */
async function told<T>(body: ReadableStream<Uint8Array>, wanted: string, onStep: (step: string) => void): Promise<T> {
  let found: T | Problem | null = null;
  try {
    // To its very end, though nothing comes after what was wanted: given up, it would count as one that failed.
    for await (const { name, data } of events(body)) {
      if (name === "step") onStep((JSON.parse(data) as { step: string }).step);
      if (name === "problem") found = problemFrom(JSON.parse(data) as Refusal, 500);
      if (name === wanted) found = JSON.parse(data) as T;
    }
  } catch (error) {
    throw isAbort(error) ? error : problemOf(error);
  }
  if (found instanceof Problem) throw found;
  if (found !== null) return found;
  throw new Problem("cut_short", en.problems.cutShort, en.problems.cutShortHint, 500);
}

const matteOf = ({ id, width, height, subject, confidence, model }: MatteInfo): Matte => ({
  id,
  width,
  height,
  subject,
  confidence,
  model,
});

/** Makes a picture of a matte that is kept. Throws Problem, with the status 404 where it is kept no more. */
export async function makePicture(
  matteId: string,
  settings: Pick<Settings, "behind" | "edges" | "file">,
  edits: readonly Edit[],
  signal: AbortSignal,
): Promise<Picture> {
  return picture(matteId, pictureFields(settings, edits), signal);
}

/** What a picture is, of any format. */
const IMAGE = /^image\//;
const PICTURE = /^image\/|^application\/zip/;

/** The photo upright and as a JPEG, for one whose own format the browser does not show. */
export async function readablePhoto(matteId: string, signal: AbortSignal): Promise<Blob> {
  const [blob] = await askFile(`/api/v1/mattes/${matteId}/view`, IMAGE, { signal });
  return blob;
}

async function picture(matteId: string, fields: readonly Field[], signal: AbortSignal): Promise<Picture> {
  const [blob, headers] = await askFile(`/api/v1/mattes/${matteId}/pictures`, PICTURE, {
    method: "POST",
    headers: { Accept: "image/*" },
    body: formOf(fields),
    signal,
  });
  const side = (header: string) => Number(headers.get(header) ?? 0);
  return { blob, width: side("X-Width"), height: side("X-Height") };
}

/** The matte as the model gave it, a grey PNG. */
export async function matteFile(matteId: string, signal: AbortSignal): Promise<Blob> {
  const [blob] = await askFile(`/api/v1/mattes/${matteId}/matte.png`, IMAGE, { signal });
  return blob;
}

/** What a point that grows to the next edge covers. */
export const reach = (matteId: string, edit: GrowEdit, signal: AbortSignal): Promise<Reach> =>
  askJson<Reach>(`/api/v1/mattes/${matteId}/reach`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ action: edit.action, point: edit.point, reach: edit.reach }),
    signal,
  });

/** A form of these fields. */
export function formOf(fields: readonly Field[]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof File) form.append(name, value, value.name);
    else form.append(name, value);
  }
  return form;
}

const named = (blob: Blob, name: string): File =>
  blob instanceof File ? blob : new File([blob], name, { type: blob.type });
