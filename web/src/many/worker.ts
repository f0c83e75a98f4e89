/** Beside the page: small pictures of large ones, one at a time, and archives. */

import type { Answer, Asked, Task } from "./tasks";
import { type ZipFile, zip } from "./zip";

type Code = Extract<Answer, { kind: "failed" }>["code"];

class Failed extends Error {
  constructor(readonly code: Code) {
    super(code);
  }
}

// Pictures are asked for one after the other, so that one large one is in memory at a time.
self.addEventListener("message", ({ data: { number, task } }: MessageEvent<Asked>) => {
  const made = task.kind === "thumb" ? thumb(task) : archive(number, task);
  made.then(
    (file) => answer({ number, kind: "done", file }),
    (error: unknown) => answer({ number, kind: "failed", code: error instanceof Failed ? error.code : codeOf(error) }),
  );
});

const answer = (said: Answer): void => self.postMessage(said);

const codeOf = (error: unknown): Code => (error instanceof RangeError ? "too_long" : "unreadable");

async function thumb({ of, side }: Extract<Task, { kind: "thumb" }>): Promise<Blob> {
  const file = typeof of === "string" ? await fetched(of) : of;
  const whole = await createImageBitmap(file, { resizeWidth: side, resizeQuality: "medium" });
  // The width is what is known before the picture is decoded; a tall one is made smaller here.
  const scale = Math.min(1, side / whole.height);
  const [width, height] = [whole.width, whole.height].map((each) => Math.max(1, Math.round(each * scale))) as [
    number,
    number,
  ];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Failed("unreadable");
  context.drawImage(whole, 0, 0, width, height);
  whole.close();
  return await canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
}

function archive(number: number, { files }: Extract<Task, { kind: "zip" }>): Promise<Blob> {
  async function* found(): AsyncGenerator<ZipFile> {
    let done = 0;
    for (const { name, url } of files) {
      yield { name, file: await fetched(url) };
      done += 1;
      answer({ number, kind: "step", done });
    }
  }
  return zip(found());
}

async function fetched(url: string): Promise<Blob> {
  let reply: Response;
  try {
    reply = await fetch(url, { credentials: "same-origin" });
  } catch {
    throw new Failed("offline");
  }
  if (!reply.ok) throw new Failed(reply.status === 404 ? "gone" : "offline");
  // Something in between has answered with a page of its own.
  if (!/^image\/|^application\/zip/.test(reply.headers.get("Content-Type") ?? "")) throw new Failed("offline");
  return await reply.blob();
}
