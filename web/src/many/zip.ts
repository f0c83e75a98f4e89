/** ZIP archives of files that are compressed already, so that they are only put one behind the other (APPNOTE 6.3.3). */

export interface ZipFile {
  readonly name: string;
  readonly file: Blob;
}

/** Longer ones need another form, which not every program reads. */
export const MOST_BYTES = 0xffff_ffff;
const MOST_FILES = 0xffff;

const LOCAL = 0x0403_4b50;
const CENTRAL = 0x0201_4b50;
const END = 0x0605_4b50;

// 2.0: folders and plain storing. Names are UTF-8 (bit 11).
const VERSION = 20;
const UTF8 = 0x0800;

/** A ZIP of files under their names. Throws RangeError where it would be too long. */
export async function zip(files: AsyncIterable<ZipFile> | Iterable<ZipFile>, now: Date = new Date()): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let [offset, length, count] = [0, 0, 0];
  for await (const { name, file } of files) {
    const title = new TextEncoder().encode(name);
    const facts = common(await crc32(file), file.size, title.length, now);
    const central = record([CENTRAL, 4], [VERSION, 2], ...facts, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
    const local = record([LOCAL, 4], ...facts);
    parts.push(local, title, file);
    directory.push(central, title);
    offset += local.length + title.length + file.size;
    length += central.length + title.length;
    count += 1;
    if (offset + length > MOST_BYTES || count > MOST_FILES) throw new RangeError("the archive would be too long");
  }
  const end = record([END, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

type Number = readonly [value: number, bytes: 2 | 4];

/** What stands before each file and in the directory alike. */
function common(crc: number, size: number, title: number, now: Date): readonly Number[] {
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = (Math.max(0, now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  return [
    [VERSION, 2],
    [UTF8, 2],
    [0, 2],
    [time, 2],
    [date, 2],
    [crc, 4],
    [size, 4],
    [size, 4],
    [title, 2],
    [0, 2],
  ];
}

/** Numbers one behind the other, the lowest byte first. */
function record(...numbers: readonly Number[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of numbers) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

async function crc32(file: Blob): Promise<number> {
  let crc = ~0;
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ~crc >>> 0;
    for (const byte of value) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  }
}
