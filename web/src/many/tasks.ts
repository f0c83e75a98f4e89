/** What the worker is asked for, and what it answers. */

import type { ZipFile } from "./zip";

export type Task =
  /** A small picture of a file, or of what is at an address. */
  | { readonly kind: "thumb"; readonly of: Blob | string; readonly side: number }
  /** A ZIP of what is at addresses. */
  | { readonly kind: "zip"; readonly files: readonly { readonly name: string; readonly url: string }[] };

export interface Asked {
  readonly number: number;
  readonly task: Task;
}

export type Answer =
  | { readonly number: number; readonly kind: "done"; readonly file: Blob }
  /** So many files of a ZIP are in it. */
  | { readonly number: number; readonly kind: "step"; readonly done: number }
  | { readonly number: number; readonly kind: "failed"; readonly code: "unreadable" | "gone" | "offline" | "too_long" };

export type { ZipFile };
