import { describe, expect, it } from "vitest";
import { compose, halvedColours } from "./compose";
import { TILE } from "./grid";
import { halved } from "./tile";

const filled = (...rgba: number[]) =>
  Uint8ClampedArray.from({ length: TILE * TILE * 4 }, (_, i) => rgba[i % 4] as number);
const first = (pixels: Uint8ClampedArray) => [...pixels.subarray(0, 4)];
const photo = filled(200, 100, 50, 255);

describe("compose", () => {
  const to = new Uint8ClampedArray(TILE * TILE * 4);

  it("takes the matte as alpha", () => {
    expect(compose(to, photo, new Uint8Array(TILE * TILE).fill(128), { kind: "cut" })).toBe(true);
    expect(first(to)).toEqual([200, 100, 50, 128]);
    compose(to, filled(200, 100, 50, 128), 128, { kind: "cut" });
    expect(first(to)).toEqual([200, 100, 50, 64]);
  });

  it("tints what is removed, and nothing else", () => {
    const manner = { kind: "over", colour: [255, 0, 0], share: 0.6 } as const;
    compose(to, photo, 0, manner);
    expect(first(to)).toEqual([233, 40, 20, 255]);
    compose(to, photo, 255, manner);
    expect(first(to)).toEqual([200, 100, 50, 255]);
  });

  it("says where nothing is to be seen", () => {
    expect(compose(to, photo, 0, { kind: "cut" })).toBe(false);
    expect(compose(to, null, 255, { kind: "plain" })).toBe(false);
  });
});

describe("the next level", () => {
  it("takes colours by how much is to be seen of them", () => {
    const half = halvedColours([photo, null, null, null]);
    expect(first(half as Uint8ClampedArray)).toEqual([200, 100, 50, 255]);
    const mixed = filled(0, 0, 0, 0);
    for (let i = 0; i < mixed.length; i += 8) mixed.set([200, 100, 50, 255], i);
    expect(first(halvedColours([mixed, null, null, null]) as Uint8ClampedArray)).toEqual([200, 100, 50, 128]);
    expect(halvedColours([null, null])).toBeNull();
  });

  it("averages a matte, quarter by quarter", () => {
    const values = Uint8Array.from({ length: TILE * TILE }, (_, i) => (i % 2 === 0 ? 100 : 200));
    const made = halved([values, 10, 20, null]) as Uint8Array;
    expect([made[0], made[TILE / 2], made[(TILE / 2) * TILE], made[TILE * TILE - 1]]).toEqual([150, 10, 20, 0]);
    expect(halved([255, 255, null, null])).toBe(255);
  });
});
