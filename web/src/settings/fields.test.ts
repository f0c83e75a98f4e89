import { expect, test } from "vitest";
import type { Settings } from "../app/contract";
import { wire } from "../editor/wire";
import type { Edit } from "../edits";
import { DEFAULTS } from "./defaults";
import { matteFields, pictureFields, pictureKey, plain } from "./fields";

const settings = (part: Partial<Settings>): Settings => ({ ...DEFAULTS, ...part });
const STROKE: Edit = { kind: "brush", action: "add", points: [[1, 2]], radius: 3, hardness: 1, opacity: 1 };

test("what is as the server has it is not sent", () => {
  expect(pictureFields(DEFAULTS, [])).toEqual([["format", "png"]]);
  expect(matteFields(DEFAULTS)).toEqual([["quality", "balanced"]]);
});

test("each background has the field that the server knows", () => {
  const image = new Blob(["x"]);
  expect(pictureFields(settings({ behind: { kind: "colour", colour: "#ff0000" } }), [])).toContainEqual([
    "background",
    "#ff0000",
  ]);
  expect(pictureFields(settings({ behind: { kind: "blur", radius: 12 } }), [])).toContainEqual([
    "background",
    "blur:12",
  ]);
  expect(pictureFields(settings({ behind: { kind: "image", image } }), [])).toContainEqual(["background_image", image]);
});

test("edges, size and strokes are sent in the server's words", () => {
  const fields = pictureFields(
    settings({
      edges: { feather: 2, edgeShift: -1, translucency: 20 },
      file: { format: "png", maxSize: { width: 2000, height: 1000 }, encodeQuality: null },
    }),
    [STROKE],
  );
  expect(Object.fromEntries(fields)).toEqual({
    format: "png",
    feather: "2",
    edge_shift: "-1",
    translucency: "20",
    max_size: "2000x1000",
    strokes: wire([STROKE]),
  });
});

test("a quality goes with formats that lose something, and with no other", () => {
  const file = (format: "png" | "jpg") => settings({ file: { format, maxSize: null, encodeQuality: 70 } });
  expect(pictureFields(file("jpg"), [])).toContainEqual(["encode_quality", "70"]);
  expect(pictureFields(file("png"), [])).not.toContainEqual(["encode_quality", "70"]);
});

test("a key differs where the picture does, and only there", () => {
  const twin: Edit = { ...STROKE };
  const key = pictureKey("m", DEFAULTS, [STROKE]);
  expect(pictureKey("m", settings({ quality: "best" }), [STROKE])).toBe(key);
  expect(pictureKey("n", DEFAULTS, [STROKE])).not.toBe(key);
  expect(pictureKey("m", DEFAULTS, [STROKE, twin])).not.toBe(key);
  expect(pictureKey("m", settings({ behind: { kind: "image", image: new Blob(["a"]) } }), [])).not.toBe(
    pictureKey("m", settings({ behind: { kind: "image", image: new Blob(["b"]) } }), []),
  );
});

test("the plain cut-out keeps the edges and nothing else that can be drawn by the browser", () => {
  const edges = { feather: 4, edgeShift: 0, translucency: 50 };
  const shown = plain(settings({ edges, behind: { kind: "blur", radius: 3 } }));
  expect(shown.edges).toBe(edges);
  expect(pictureKey("m", shown, [])).toBe(pictureKey("m", settings({ edges }), []));
});
