import { expect, it } from "vitest";
import { zip } from "./zip";

/** What another program reads: the end, from there the directory, from there each file. */
async function read(archive: Blob) {
  const view = new DataView(await archive.arrayBuffer());
  const text = (at: number, length: number) => new TextDecoder().decode(new Uint8Array(view.buffer, at, length));
  const end = view.byteLength - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const count = view.getUint16(end + 10, true);
  const [length, start] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const files = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [size, name] = [view.getUint32(at + 20, true), view.getUint16(at + 28, true)];
    const local = view.getUint32(at + 42, true);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    // What stands before the file says the same as the directory: flags, method, time, check sum, sizes, name.
    for (let byte = 0; byte < 24; byte++) expect(view.getUint8(local + 4 + byte)).toBe(view.getUint8(at + 6 + byte));
    files.push({
      name: text(at + 46, name),
      same: text(local + 30, view.getUint16(local + 26, true)),
      content: text(local + 30 + name, size),
      utf8: (view.getUint16(at + 8, true) & 0x0800) !== 0,
      method: view.getUint16(at + 10, true),
      time: view.getUint32(at + 12, true),
      crc: view.getUint32(at + 16, true),
    });
    at += 46 + name;
  }
  expect([at, at - start]).toEqual([end, length]);
  return files;
}

it("makes archives of files as they are, with names, check sums and times", async () => {
  const files = [
    { name: "cat-cutout.png", file: new Blob(["123456789"]) },
    { name: "Über 猫.webp", file: new Blob(["cat"]) },
    { name: "nothing.png", file: new Blob([]) },
  ];
  const archive = await zip(files, new Date(2026, 10, 22, 13, 45, 58));
  expect(archive.type).toBe("application/zip");
  // 22 November 2026, 13:45:58, in pairs of seconds and years since 1980.
  const time = (((2026 - 1980) << 25) | (11 << 21) | (22 << 16) | (13 << 11) | (45 << 5) | 29) >>> 0;
  const all = { utf8: true, method: 0, time };
  const of = (name: string, content: string, crc: number) => ({ name, same: name, content, crc, ...all });
  expect(await read(archive)).toEqual([
    // The value by which CRC-32 is known.
    of("cat-cutout.png", "123456789", 0xcbf43926),
    of("Über 猫.webp", "cat", 0x9e5e43a8),
    of("nothing.png", "", 0),
  ]);
});

it("asks for the next file only when the one before is in", async () => {
  const order: string[] = [];
  async function* files() {
    for (const name of ["a", "b"]) {
      order.push(name);
      yield { name, file: new Blob([name]) };
      order.push(`${name} in`);
    }
  }
  await zip(files());
  expect(order).toEqual(["a", "a in", "b", "b in"]);
});

it("refuses what would be too long for its form", async () => {
  const file = { size: 0xffff_ffff, stream: () => new Blob([]).stream() } as Blob;
  await expect(zip([{ name: "a", file }])).rejects.toThrow(RangeError);
});
