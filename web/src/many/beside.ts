/** The worker beside the page, and what it makes. */

import type { Answer, Asked, Task } from "./tasks";

export type Failure = Extract<Answer, { kind: "failed" }>["code"];

/** Why the worker has not made something. */
export class NotMade extends Error {
  constructor(readonly code: Failure) {
    super(code);
  }
}

interface Waiting {
  readonly resolve: (file: Blob) => void;
  readonly reject: (error: NotMade) => void;
  readonly onStep: ((done: number) => void) | undefined;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | null = null;
let last = 0;

/** Has the worker do something. Rejects with NotMade. */
export function beside(task: Task, onStep?: (done: number) => void): Promise<Blob> {
  worker ??= begin();
  last += 1;
  const asked: Asked = { number: last, task };
  return new Promise((resolve, reject) => {
    waiting.set(asked.number, { resolve, reject, onStep });
    worker?.postMessage(asked);
  });
}

function begin(): Worker {
  const made = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  made.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    const who = waiting.get(data.number);
    if (data.kind === "step") {
      who?.onStep?.(data.done);
      return;
    }
    waiting.delete(data.number);
    if (data.kind === "done") who?.resolve(data.file);
    else who?.reject(new NotMade(data.code));
  });
  // It could not be begun, or ran out of memory: what it was asked for is not made, and the next task begins another.
  made.addEventListener("error", () => {
    made.terminate();
    worker = null;
    for (const { reject } of waiting.values()) reject(new NotMade("unreadable"));
    waiting.clear();
  });
  return made;
}
