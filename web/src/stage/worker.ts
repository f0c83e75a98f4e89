/**
 * The engine in a worker of its own. Where a browser cannot hand a canvas to a worker the page imports this very file,
 * which then only says where the engine is: so there is no second copy of it to be delivered.
 */

import { type BesidePage, NAME } from "./beside";
import { engine } from "./engine/engine";
import type { FromEngine, ToEngine } from "./messages";

let hear: ((message: ToEngine) => void) | null = null;

const tell = (message: FromEngine) => self.postMessage(message);

if (typeof document === "undefined") {
  self.onmessage = ({ data }: MessageEvent<ToEngine>) => {
    if (data.type === "canvas") hear = engine(data.canvas, tell);
    else hear?.(data);
  };
  // Errors that are thrown the page hears of by itself, but not of those of promises.
  self.onunhandledrejection = ({ reason }: PromiseRejectionEvent) =>
    tell({ type: "problem", what: "photo", code: "too_large", detail: String(reason) });
  tell({ type: "ready" });
} else Object.assign(globalThis, { [NAME]: engine } satisfies BesidePage);
