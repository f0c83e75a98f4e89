/** The state of a photo in words and by an icon. */

import type { IconName } from "../look/Icon";
import { en } from "../text/en";
import type { Item } from "./contract";
import { isUnderWay } from "./state";

export interface Said {
  readonly icon: IconName;
  readonly words: string;
  /** What is wrong and what helps; "": nothing is. */
  readonly why: string;
  readonly look: "quiet" | "busy" | "good" | "warn" | "bad";
}

// Below it a matte is as likely wrong as right; see docs/confidence.md.
const UNSURE = 0.6;

const text = en.many.state;

/** What is said of a photo; `halted`: nothing is sent at present. */
export function say({ state, result }: Item, stale: boolean, halted = false): Said {
  const waiting: Said = { icon: "clock", words: result ? text.again : text.waiting, why: "", look: "quiet" };
  switch (state.kind) {
    case "waiting":
      return waiting;
    case "uploading":
      if (halted) return waiting;
      return { icon: "upload", words: text.uploading, why: "", look: "busy" };
    case "queued":
      return { icon: "clock", words: text.queued, why: "", look: "quiet" };
    case "working":
      return { icon: "busy", words: text.working, why: "", look: "busy" };
    case "failed": {
      const { error, code, hint } = state.problem;
      const known = en.problems.known[code];
      const why = known ? `${known.title} ${known.hint}` : `${error} ${hint}`.trim();
      return { icon: "alert", words: text.failed, why, look: "bad" };
    }
    case "cancelled":
      return { icon: "close", words: text.cancelled, why: "", look: "quiet" };
    case "done":
      return done(result, stale);
  }
}

function done(result: Item["result"], stale: boolean): Said {
  if (stale) return { icon: "check", words: text.stale, why: "", look: "warn" };
  if (result?.subject === false)
    return { icon: "alert", words: text.noSubject, why: en.many.noSubjectHint, look: "warn" };
  const unsure = result?.confidence != null && result.confidence < UNSURE;
  return {
    icon: unsure ? "eye" : "check",
    words: unsure ? text.unsure : text.done,
    why: "",
    look: unsure ? "warn" : "good",
  };
}

// The file itself is what is wrong, and stays so.
const LASTING = new Set([
  "not_an_image",
  "unsupported_image",
  "damaged_image",
  "input_missing",
  "nested_archive",
  "file_too_large",
  "image_too_large",
  "image_too_small",
]);

/** Whether it was not made, and may be if it is tried once more. */
export const canRetry = ({ state }: Item): boolean =>
  state.kind === "cancelled" || (state.kind === "failed" && !LASTING.has(state.problem.code));

/** Whether it can be made once more, as it is set now. */
export const canAgain = (item: Item, stale: boolean): boolean =>
  canRetry(item) || (stale && !isUnderWay(item) && item.state.kind === "done");
