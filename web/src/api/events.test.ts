import { expect, test } from "vitest";
import { events, split } from "./events";

const body = (...parts: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === "string" ? new TextEncoder().encode(part) : part);
      controller.close();
    },
  });

async function all(stream: ReadableStream<Uint8Array>) {
  const found = [];
  for await (const event of events(stream)) found.push(event);
  return found;
}

test("events come with their names and data, wherever the parts are cut", async () => {
  const text = 'event: step\ndata: {"step":"infer"}\n\nevent: matte\ndata: {"id":"é"}\n\n';
  const bytes = new TextEncoder().encode(text);
  const expected = [
    { name: "step", data: '{"step":"infer"}' },
    { name: "matte", data: '{"id":"é"}' },
  ];
  for (let cut = 1; cut < bytes.length; cut += 1) {
    expect(await all(body(bytes.slice(0, cut), bytes.slice(cut)))).toEqual(expected);
  }
});

test("CR LF, several lines of data, comments and a missing end are as the standard says", async () => {
  expect(await all(body(": alive\r\n\r\nevent: a\r", "\ndata: 1\r\ndata: 2\r\n\r\ndata:3"))).toEqual([
    { name: "a", data: "1\n2" },
    { name: "message", data: "3" },
  ]);
});

test("an event without data is none", () => {
  expect(split("event: step\n\nrest")).toEqual({ events: [], rest: "rest" });
});
