import { expect, test } from "vitest";
import { judged, looked, photoOf } from "./choosing";
import { privacyLine, span } from "./privacy";

const file = (type: string, size = 10, name = "a.bin") => new File([new Uint8Array(size)], name, { type });

test("what is no picture is told before it is sent; what nobody here knows is left to the server", () => {
  expect(judged(file("text/plain"), null)?.code).toBe("not_an_image");
  expect(judged(file("application/pdf"), null)?.code).toBe("not_an_image");
  expect(judged(file("image/jpeg"), null)).toBeNull();
  expect(judged(file(""), null)).toBeNull();
  expect(judged(file("application/octet-stream"), null)).toBeNull();
});

test("size is judged by the server's bound, and an empty file is told", () => {
  expect(judged(file("image/png", 101), 100)?.code).toBe("file_too_large");
  expect(judged(file("image/png", 100), 100)).toBeNull();
  expect(judged(file("image/png", 0), 100)?.code).toBe("empty");
});

test("a file that cannot be read is told by its name", async () => {
  const folder = file("", 4096, "holiday");
  folder.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) }) as never;
  const problem = await looked(folder, null);
  expect(problem?.code).toBe("unreadable");
  expect(problem?.message).toContain("holiday");
});

test("the same file chosen twice is two photos", () => {
  const chosen = file("image/png");
  expect(photoOf(chosen).id).not.toBe(photoOf(chosen).id);
});

test("the line on privacy says where photos go, and for how long", () => {
  const hour = { keeps_seconds: 3600, jobs: { keeps_seconds: 86_400 } };
  for (const host of ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"]) {
    expect(privacyLine(host, hour)).toBe("Photos stay on this computer.");
  }
  for (const host of ["localhost.example.org", "192.168.1.4", "127.example.org"]) {
    for (const said of [host, "an hour", "a day"]) expect(privacyLine(host, hour)).toContain(said);
  }
  expect(privacyLine("a.example", { keeps_seconds: 60, jobs: null })).not.toContain("several");
  expect(privacyLine("a.example", { keeps_seconds: null, jobs: null })).toContain("Nothing is kept");
  expect(privacyLine("a.example", null)).not.toContain("kept");
});

test("times in words are exact", () => {
  expect([60, 90, 3600, 5400, 86_400, 172_800].map(span)).toEqual([
    "a minute",
    "90 seconds",
    "an hour",
    "90 minutes",
    "a day",
    "2 days",
  ]);
});
