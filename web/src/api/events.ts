/** Server-sent events out of the body of an answer to fetch. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** The events that a piece of text ends, and what is left of it. */
export function split(text: string): { readonly events: readonly ServerEvent[]; readonly rest: string } {
  // A line break may be CR LF, whose halves may come apart: a CR at the very end waits for what follows.
  const held = text.endsWith("\r") ? "\r" : "";
  const whole = (held ? text.slice(0, -1) : text).replace(/\r\n?/g, "\n");
  const blocks = whole.split("\n\n");
  const rest = (blocks.pop() ?? "") + held;
  return { events: blocks.flatMap(read), rest };
}

function read(block: string): readonly ServerEvent[] {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    // Comments, which keep the connection alive, begin with a colon.
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length > 0 ? [{ name, data: data.join("\n") }] : [];
}

/** The events of a body, as they come. Ends with it; an abort of the request is thrown here. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const found = split(rest + (done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true })));
      rest = found.rest;
      yield* found.events;
      if (done) return;
    }
  } finally {
    reader.releaseLock();
  }
}
