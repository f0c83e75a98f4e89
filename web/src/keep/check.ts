/** Whether what was read is what it should be: it may have been written by anything. */

import type { Matte, Photo, Settings } from "../app/contract";
import type { History, Step } from "../editor/history";
import { TOOL_NAMES, type Tools } from "../editor/tools";
import type { Edit } from "../edits";
import type { Job, Item as ManyPhoto, Problem, Recipe, Result } from "../many/contract";
import type { Behind } from "../stage/contract";

type Check = (value: unknown) => boolean;

/** One check for each field, so that a field that is new is not forgotten here. */
type Shape<T> = { readonly [K in keyof Required<T>]: Check };

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const natural: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const file: Check = (value) => value instanceof Blob;

const or =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));

const word =
  (...words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value);

const nothing = word(null);

const list =
  (check: Check, least = 0): Check =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(check);

const point: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(number);

function shape<T>(fields: Shape<T>): Check {
  const checks = Object.entries<Check>(fields);
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
}

const action = word("add", "remove");

const edit = or(
  shape<Extract<Edit, { kind: "brush" }>>({
    kind: word("brush"),
    action,
    points: list(point, 1),
    radius: number,
    hardness: number,
    opacity: number,
    group: or(number, word(undefined)),
  }),
  shape<Extract<Edit, { kind: "lasso" }>>({
    kind: word("lasso"),
    action,
    points: list(point, 3),
    opacity: number,
  }),
  shape<Extract<Edit, { kind: "grow" }>>({ kind: word("grow"), action, point, reach: number }),
);

const step = or(
  shape<Extract<Step, { kind: "edit" }>>({ kind: word("edit"), edit }),
  shape<Extract<Step, { kind: "reset" }>>({ kind: word("reset") }),
);

const tools = shape<Tools>({
  name: word(...TOOL_NAMES),
  lasso: action,
  point: action,
  size: number,
  hardness: number,
  opacity: number,
  reach: number,
  largest: number,
});

const behind = or(
  shape<Extract<Behind, { kind: "checkerboard" }>>({ kind: word("checkerboard") }),
  shape<Extract<Behind, { kind: "colour" }>>({ kind: word("colour"), colour: text }),
  shape<Extract<Behind, { kind: "image" }>>({ kind: word("image"), image: file }),
  shape<Extract<Behind, { kind: "blur" }>>({ kind: word("blur"), radius: number }),
);

const settings = shape<Settings>({
  behind,
  edges: shape<Settings["edges"]>({ feather: number, edgeShift: number, translucency: number }),
  model: or(text, nothing),
  quality: word("fast", "balanced", "best"),
  file: shape<Settings["file"]>({
    format: word("png", "webp", "avif", "jpg", "tiff", "zip"),
    maxSize: or(shape<{ width: number; height: number }>({ width: number, height: number }), nothing),
    encodeQuality: or(number, nothing),
  }),
});

const photo = shape<Photo>({ id: text, name: text, file });

const history: Check = (value) =>
  shape<History>({ steps: list(step), at: natural })(value) && (value as History).at <= (value as History).steps.length;

const recipe = shape<Recipe>({ settings, edits: list(edit) });
const problem = shape<Problem>({ error: text, code: text, hint: text });

const state = or(
  shape<{ kind: unknown }>({ kind: word("waiting", "done", "cancelled") }),
  shape<{ kind: unknown; job: unknown }>({ kind: word("uploading", "queued", "working"), job: text }),
  shape<{ kind: unknown; problem: unknown }>({ kind: word("failed"), problem }),
);

const result = shape<Result>({
  recipe,
  job: text,
  number: natural,
  bytes: natural,
  subject: flag,
  confidence: or(number, nothing),
});

const item = shape<Omit<ManyPhoto, "photo">>({
  id: text,
  own: or(settings, nothing),
  history,
  state,
  result: or(result, nothing),
});

const job = shape<Job>({ key: text, id: or(text, nothing), items: list(text), recipe, ended: flag });

const matte = shape<Matte>({
  id: text,
  width: natural,
  height: natural,
  subject: flag,
  confidence: number,
  model: text,
});

export const isPhoto = photo as (value: unknown) => value is Photo;
export const isSettings = settings as (value: unknown) => value is Settings;
export const isStep = step as (value: unknown) => value is Step;
export const isTools = tools as (value: unknown) => value is Tools;
export const isMatte = matte as (value: unknown) => value is Matte;
export const isItem = item as (value: unknown) => value is Omit<ManyPhoto, "photo">;
export const isJob = job as (value: unknown) => value is Job;
