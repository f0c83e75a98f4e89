/** What the parts of the page share: the photo in work, and what is wanted of it. */

import type { History } from "../editor/history";
import type { Tools } from "../editor/tools";
import type { Behind } from "../stage/contract";

export interface Photo {
  /** Made here, once for each photo that was chosen. */
  readonly id: string;
  /** The file's name as the user knows it. */
  readonly name: string;
  readonly file: Blob;
}

/** What the server says of a photo whose subject it has looked for. */
export interface Matte {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly subject: boolean;
  /** 0..1 */
  readonly confidence: number;
  readonly model: string;
}

/** Everything that can be set about a picture; each part belongs to one feature of `settings/`. */
export interface Settings {
  readonly behind: Behind;
  readonly edges: { readonly feather: number; readonly edgeShift: number; readonly translucency: number };
  /** null: the server's own. */
  readonly model: string | null;
  readonly quality: "fast" | "balanced" | "best";
  readonly file: {
    readonly format: "png" | "webp" | "avif" | "jpg" | "tiff" | "zip";
    /** Bounds of the output; null: as large as the photo. */
    readonly maxSize: { readonly width: number; readonly height: number } | null;
    /** 1..100, for formats that lose something; null: the server's own. */
    readonly encodeQuality: number | null;
  };
}

/** A photo and all that was done to it: what outlives a reload (the matte is found again by the server). */
export interface Work {
  readonly photo: Photo;
  readonly settings: Settings;
  readonly history: History;
  /** As it was when the editor was opened, where Cancel leads back to; null: the editor is closed. */
  readonly editedFrom: History | null;
  /** As they were set last; null: as they lie there first. */
  readonly tools: Tools | null;
  readonly matte: Matte | null;
}
