// Writes beside each text of a folder the same compressed, as NAME.br and NAME.gz: once here, not at every request.
//   node compress.mjs FOLDER

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXTS = /\.(css|html|js|json|svg|txt|webmanifest)$/;

const [folder] = process.argv.slice(2);
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXTS.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const plain = readFileSync(path);
  const hints = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  const made = { br: brotliCompressSync(plain, { params: hints }), gz: gzipSync(plain, { level: 9 }) };
  for (const [suffix, data] of Object.entries(made)) {
    if (data.length < plain.length) writeFileSync(`${path}.${suffix}`, data);
  }
}
