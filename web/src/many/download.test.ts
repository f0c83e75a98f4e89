import { expect, it } from "vitest";
import type { Batch } from "./contract";
import { fileName, takeAll } from "./download";
import { cutoutName, unique } from "./names";
import { drawnOn, happen, item, made, photos, sent } from "./samples";

const DONE = made(sent(photos({ a: 1, b: 1 }), "k", ["a", "b"]), "k");

/** The same, of as many bytes as a page had better not hold. */
const large = (batch: Batch): Batch => ({
  ...batch,
  items: batch.items.map((each) => ({ ...each, result: each.result && { ...each.result, bytes: 600_000_000 } })),
});

it("takes the server's archive where all lie in one job, and are much", () => {
  expect(takeAll(large(DONE)).whole).toBe("/api/v1/jobs/id-k/results.zip");
  expect(takeAll(DONE).whole).toBeNull();
});

it("makes its own archive of several jobs, of those that are done, with names of which no two are alike", () => {
  const many = made(sent(photos({ a: 1, b: 1, c: 1 }), "k", ["a"]), "k");
  const batch = made(sent(many, "j", ["b"]), "j");
  const twice = {
    ...batch,
    items: batch.items.map((each) => ({ ...each, photo: { ...each.photo, name: "IMG.jpg" } })),
  };
  expect(takeAll(twice)).toEqual({
    whole: null,
    files: [
      { name: "IMG-cutout.png", url: "/api/v1/jobs/id-k/items/1/result" },
      { name: "IMG-cutout-2.png", url: "/api/v1/jobs/id-j/items/1/result" },
    ],
  });
});

it.each([
  ["one was removed", happen(DONE, { type: "remove", id: "a" })],
  ["one is not done", sent(photos({ a: 1, b: 1 }), "k", ["a", "b"])],
  ["one failed", made(sent(photos({ a: 1, b: 1 }), "k", ["a"]), "k")],
  ["one was edited", made(sent(happen(DONE, { type: "edited", item: drawnOn(DONE, "a") }), "e", ["a"]), "e")],
])("does not take the server's archive where %s", (_, batch) => {
  expect(takeAll(large(batch)).whole).toBeNull();
});

it("names a result as its photo, by the format that it was made in", () => {
  expect(fileName(item(DONE, "a"))).toBe("a-cutout.png");
  expect(cutoutName("Summer 2024.final.JPEG", "webp")).toBe("Summer 2024.final-cutout.webp");
  expect(cutoutName("no suffix", "png")).toBe("no suffix-cutout.png");
  expect(cutoutName(".jpg", "png")).toBe("photo-cutout.png");
});

it("is called by a name that every system takes", () => {
  const names = {
    'it\'s "a" <b> c:d|e?f*g\u0007.jpg': "it's _a_ _b_ c_d_e_f_g_",
    "a/b\\c.jpg": "a_b_c",
    "..hidden.jpg": "hidden",
    " wide . .jpg": "wide",
    "CON.jpg": "_CON",
    "lpt1.old.jpg": "_lpt1.old",
    "Console.jpg": "Console",
    "Größe 🐈‍⬛ ß.jpg": "Größe 🐈‍⬛ ß",
    " ... .jpg": "photo",
  };
  for (const [name, wanted] of Object.entries(names)) expect(cutoutName(name, "png")).toBe(`${wanted}-cutout.png`);
});

it("shortens a long name to what systems take, by whole characters", () => {
  const name = cutoutName(`${"ü".repeat(80)}${"🐈".repeat(60)}.jpg`, "webp");
  expect(new TextEncoder().encode(name).length).toBeLessThan(245);
  expect(name).toMatch(/^ü{80}(🐈)+-cutout\.webp$/u);
});

it("tells names apart where capitals do not count, and takes none that another has", () => {
  expect(unique(["a.png", "A.png", "a-2.png", "a.png", ".x"])).toEqual([
    "a.png",
    "A-2.png",
    "a-2-2.png",
    "a-3.png",
    ".x",
  ]);
});
