/**
 * Many photos at once: the seam between the app and the queue.
 *
 *     <ManyScreen settings={settings} onSettings={setSettings} panel={(now, change) => <… />}
 *                 onEdit={(item) => …} edited={edited} onClose={() => …} />
 *
 * The queue itself outlives the screen (`queue.ts`): while one photo is edited elsewhere, the others go on. There,
 * `openQueue()` says at the start whether photos are kept, `addFiles(chosen, settings)` adds photos, and `keepDrawn(item)`
 * keeps edits of one before it comes back.
 */

import type { ReactNode } from "react";
import type { Photo, Settings } from "../app/contract";
import type { History } from "../editor/history";
import type { Edit } from "../edits";

/** What the app gets to edit one photo, and what it hands back by `edited`. */
export interface ManyItem {
  readonly id: string;
  readonly photo: Photo;
  readonly settings: Settings;
  readonly history: History;
}

export interface ManyProps {
  /** Of all photos that have none of their own. */
  readonly settings: Settings;
  readonly onSettings: (next: Settings) => void;
  /** The controls of settings, for all or for one photo. */
  readonly panel: (settings: Settings, onSettings: (next: Settings) => void) => ReactNode;
  readonly onEdit: (item: ManyItem) => void;
  /** An item that comes back from being edited; what was changed is made anew. */
  readonly edited: ManyItem | null;
  /** The queue is empty and forgotten. */
  readonly onClose: () => void;
  /** The server asks for a key; once there is one, "Try again" goes on. */
  readonly onSignIn?: () => void;
}

/** Why something is not there, as the server says it. */
export interface Problem {
  readonly error: string;
  readonly code: string;
  readonly hint: string;
}

/** What a picture was made with. */
export interface Recipe {
  readonly settings: Settings;
  readonly edits: readonly Edit[];
}

/** A picture that the server has made, and keeps for a while. */
export interface Result {
  readonly recipe: Recipe;
  /** The server's id of its job, and its number there. */
  readonly job: string;
  readonly number: number;
  readonly bytes: number;
  readonly subject: boolean;
  /** 0..1; null: not told. */
  readonly confidence: number | null;
}

export type ItemState =
  /** It has not been sent. */
  | { readonly kind: "waiting" }
  /** It is being sent, or has been; `job` is the key of one of `Batch.jobs`. */
  | { readonly kind: "uploading" | "queued" | "working"; readonly job: string }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly problem: Problem }
  | { readonly kind: "cancelled" };

export interface Item {
  readonly id: string;
  readonly photo: Photo;
  /** null: as all others. */
  readonly own: Settings | null;
  readonly history: History;
  readonly state: ItemState;
  /** The last that was made; it stays while another one is made. */
  readonly result: Result | null;
}

/** Some photos that are made with the same recipe, sent at once. */
export interface Job {
  /** Made here before it is sent, so that what is sent again is not made twice. */
  readonly key: string;
  /** The server's; null: not known yet. */
  readonly id: string | null;
  /** Items by their ids: the first one has number 1 there. */
  readonly items: readonly string[];
  readonly recipe: Recipe;
  /** All its pictures have ended. */
  readonly ended: boolean;
}

/** The queue: what outlives a reload. */
export interface Batch {
  readonly settings: Settings;
  readonly items: readonly Item[];
  readonly jobs: readonly Job[];
}
