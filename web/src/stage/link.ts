/** A canvas and the engine that draws on it: in a worker, or beside the page where a browser cannot hand canvases over. */

import { type BesidePage, NAME } from "./beside";
import type { FromEngine, ToEngine } from "./messages";
import engineFile from "./worker.ts?worker&url";

export interface Link {
  send(message: ToEngine): void;
  close(): void;
}

export function link(canvas: HTMLCanvasElement, told: (message: FromEngine) => void): Link {
  return "transferControlToOffscreen" in canvas ? toWorker(canvas, told) : besidePage(canvas, told);
}

function toWorker(canvas: HTMLCanvasElement, told: (message: FromEngine) => void): Link {
  const worker = new Worker(engineFile, { type: "module" });
  let ready = false;
  worker.onmessage = ({ data }: MessageEvent<FromEngine>) => {
    ready = true;
    if (data.type !== "ready") told(data);
  };
  // What nobody has caught once it runs is, nearly always, that there is no memory for another canvas.
  worker.onerror = ({ message }) => told(ready ? problem("too_large", message) : problem("not_loaded", message));
  const given = canvas.transferControlToOffscreen();
  worker.postMessage({ type: "canvas", canvas: given } satisfies ToEngine, [given]);
  return {
    send: (message) => worker.postMessage(message),
    close: () => worker.terminate(),
  };
}

function besidePage(canvas: HTMLCanvasElement, told: (message: FromEngine) => void): Link {
  let closed = false;
  const hear = import(/* @vite-ignore */ engineFile).then(() => {
    const { [NAME]: engine } = globalThis as BesidePage;
    return engine?.(canvas, (message) => closed || told(message));
  });
  hear.catch((error) => closed || told(problem("not_loaded", String(error))));
  return {
    send: (message) =>
      void hear.then(
        (to) => closed || to?.(message),
        () => undefined,
      ),
    close() {
      closed = true;
    },
  };
}

const problem = (code: "too_large" | "not_loaded", detail: string | undefined): FromEngine => ({
  type: "problem",
  what: "photo",
  code,
  detail: detail ?? "",
});
