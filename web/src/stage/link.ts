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
  worker.onmessage = ({ data }: MessageEvent<FromEngine>) => told(data);
  // What nobody has caught is, nearly always, that there is no memory for another canvas.
  worker.onerror = ({ message }) => told({ type: "problem", what: "photo", code: "too_large", detail: message });
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
  return {
    send: (message) => void hear.then((to) => closed || to?.(message)),
    close() {
      closed = true;
    },
  };
}
