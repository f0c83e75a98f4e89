import { expect, test } from "vitest";
import type { Problem } from "../api/http";
import { judged, taken } from "./choosing";
import type { Photo } from "./contract";
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
  folder.arrayBuffer = () => Promise.reject(new DOMException("", "NotReadableError"));
  const problem = (await taken(folder, null)) as Problem;
  expect(problem.code).toBe("unreadable");
  expect(problem.message).toContain("holiday");
});

test("a photo outlives its file, and one that is too large is not even read", async () => {
  const chosen = new File(["bytes"], "a.heic", { type: "image/heic" });
  const photo = (await taken(chosen, 5)) as Photo;
  const gone = () => Promise.reject(new DOMException("", "NotReadableError"));
  Object.assign(chosen, { arrayBuffer: gone, slice: gone, stream: gone, text: gone });
  expect([await photo.file.text(), photo.file.type, photo.name]).toEqual(["bytes", "image/heic", "a.heic"]);
  expect(((await taken(chosen, 4)) as Problem).code).toBe("file_too_large");
});

test("the same file chosen twice is two photos", async () => {
  const chosen = file("image/png");
  const [one, other] = await Promise.all([taken(chosen, null), taken(chosen, null)]);
  expect((one as Photo).id).not.toBe((other as Photo).id);
});

test("the line on privacy says where photos go, and for how long", () => {
  const hour = { keeps_seconds: 3600, jobs: { keeps_seconds: 86_400 } };
  for (const host of ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"]) {
    // The port may be forwarded to another computer.
    expect(privacyLine(host, hour)).toContain("the computer that cleancut runs on");
    for (const said of ["an hour", "a day"]) expect(privacyLine(host, hour)).toContain(said);
    expect(privacyLine(host, null)).toBe("Photos stay on the computer that cleancut runs on.");
  }
  for (const host of ["localhost.example.org", "192.168.1.4", "127.example.org"]) {
    for (const said of [host, "an hour", "a day"]) expect(privacyLine(host, hour)).toContain(said);
  }
  expect(privacyLine("a.example", { keeps_seconds: 60, jobs: null })).not.toContain("Several");
  expect(privacyLine("a.example", { keeps_seconds: null, jobs: null })).toContain("not kept");
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
