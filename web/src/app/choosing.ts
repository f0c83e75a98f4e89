/** What is chosen, looked at before it is sent anywhere. */

import { Problem } from "../api/http";
import { en } from "../text/en";
import type { Photo } from "./contract";

const text = en.problems;

/** What makes a file no picture at first sight. Where the browser knows no type, as of HEIC, the server says. */
const NEVER = /^(text|audio|video|font|message)\/|^application\/(?!octet-stream)/;

/** Why a file cannot be used; null: as far as can be seen here, it can. */
export function judged(file: File, maxBytes: number | null): Problem | null {
  if (NEVER.test(file.type)) return new Problem("not_an_image", text.notPicture(file.name), text.notPictureHint, 415);
  if (file.size === 0) return new Problem("empty", text.empty(file.name), text.emptyHint, 422);
  if (maxBytes !== null && file.size > maxBytes) {
    const told = text.tooLarge(file.name, en.units.bytes(file.size), en.units.bytes(maxBytes));
    return new Problem("file_too_large", told, text.tooLargeHint, 413);
  }
  return null;
}

/** A file as a photo with an id of its own, or why it cannot be used: it may be a folder, too, or be gone. */
export async function taken(file: File, maxBytes: number | null): Promise<Photo | Problem> {
  const problem = judged(file, maxBytes);
  if (problem) return problem;
  try {
    return { id: newId(), name: file.name || `${en.result.photo}.png`, file: await copied(file) };
  } catch {
    return new Problem("unreadable", text.unreadable(file.name), text.unreadableHint, 422);
  }
}

/** The bytes as they are now: no browser reads a file any more that was moved or changed after it was chosen. */
export const copied = async (file: File): Promise<File> =>
  new File([await file.arrayBuffer()], file.name, { type: file.type });

// Not randomUUID: pages that come by plain HTTP from another computer do not have it.
const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** How large the browser shows a photo; null: it cannot show it. */
export function measure(photo: Blob): Promise<{ width: number; height: number } | null> {
  const url = URL.createObjectURL(photo);
  const image = new Image();
  return new Promise<{ width: number; height: number } | null>((resolve) => {
    image.onload = () =>
      resolve(image.naturalWidth > 0 ? { width: image.naturalWidth, height: image.naturalHeight } : null);
    image.onerror = () => resolve(null);
    image.src = url;
  }).finally(() => URL.revokeObjectURL(url));
}

/** The files in what was dropped or pasted. */
export const filesOf = (data: DataTransfer | null): readonly File[] => [...(data?.files ?? [])];
