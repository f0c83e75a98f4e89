import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { deleteDB, openDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Settings, Work } from "../app/contract";
import { add, EMPTY, type History, reset, undo } from "../editor/history";
import { tools } from "../editor/tools";
import type { Edit } from "../edits";
import type { Batch, Item } from "../many/contract";
import { base, close } from "./base";

type Keep = typeof import("./index");

const SETTINGS: Settings = {
  behind: { kind: "checkerboard" },
  edges: { feather: 0, edgeShift: 0, translucency: 50 },
  model: null,
  quality: "balanced",
  file: { format: "png", maxSize: null, encodeQuality: null },
};

const stroke = (x: number): Edit => ({
  kind: "brush",
  action: "remove",
  points: [[x, 1]],
  radius: 5,
  hardness: 1,
  opacity: 1,
});

const drawn = (...xs: number[]): History => xs.reduce((history, x) => add(history, stroke(x)), EMPTY);

const WORK: Work = {
  photo: { id: "a", name: "cat.jpg", file: new Blob(["photo"], { type: "image/jpeg" }) },
  settings: SETTINGS,
  history: drawn(1, 2),
  editedFrom: null,
  tools: null,
  matte: { id: "m", width: 10, height: 10, subject: true, confidence: 0.9, model: "u2netp" },
};

/** What another tab, or the page after a reload, has: nothing in memory. */
async function another(): Promise<Keep> {
  vi.resetModules();
  return await import("./index");
}

/** The names of entries that are written while something is done. */
async function written(task: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const put = IDBObjectStore.prototype.put;
  const spy = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
    names.push((key as [string, string])[1]);
    return put.call(this, value, key);
  });
  await task();
  spy.mockRestore();
  return names.filter(Boolean);
}

let keep: Keep;

beforeEach(async () => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  keep = await another();
});

afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await close();
});

describe("work", () => {
  it("is the same after a reload, with its photo's bytes, what was undone, and the picture behind it", async () => {
    const behind = { kind: "image", image: new Blob(["wall"], { type: "image/png" }) } as const;
    const work = { ...WORK, settings: { ...SETTINGS, behind }, history: undo(add(reset(drawn(1, 2)), stroke(3))) };
    expect(await keep.saveWork(work)).toBe("kept");

    const found = await (await another()).loadWork();
    expect(found).toEqual(work);
    expect(await found?.photo.file.text()).toBe("photo");
    expect(found?.settings.behind.kind === "image" && (await found.settings.behind.image.text())).toBe("wall");
  });

  it("knows where the editor was opened, also where that has been drawn over, and the tools in hand", async () => {
    const opened = undo(drawn(1, 2, 3));
    const history = add(undo(undo(opened)), stroke(9));
    const work = { ...WORK, history, editedFrom: opened, tools: { ...tools(10, 10), name: "erase" } as const };
    await keep.saveWork(work);
    const found = (await (await another()).loadWork()) as Work;
    expect(found).toEqual(work);
    // What both begin with are the same steps again: whether anything has changed is told by that.
    const same = { ...WORK, editedFrom: opened, history: add(opened, stroke(4)) };
    await keep.saveWork(same);
    const { history: now, editedFrom } = (await (await another()).loadWork()) as Work;
    expect(now.steps[1]).toBe(editedFrom?.steps[1]);
    await keep.saveWork({ ...same, editedFrom: null });
    expect((await (await another()).loadWork())?.editedFrom).toBeNull();
  });

  it("costs the opening of the editor no step", async () => {
    await keep.saveWork(WORK);
    const names = await written(() => keep.saveWork({ ...WORK, editedFrom: WORK.history }));
    expect(names).toEqual(["former at", "former count"]);
  });

  it.each(["former at", "former count", "former:0", "tools"])("is not lost where its %s is broken", async (name) => {
    await keep.saveWork({ ...WORK, editedFrom: drawn(5), tools: tools(10, 10) });
    await (await base()).put("entries", { kind: "odd" }, ["work", name]);
    const found = await (await another()).loadWork();
    expect(found?.history).toEqual(WORK.history);
    expect(name === "tools" ? found?.tools : found?.editedFrom).toBeNull();
  });

  it("is read as it was written before there was any of that", async () => {
    await keep.saveWork(WORK);
    await (await base()).delete("entries", ["work", "tools"]);
    expect(await (await another()).loadWork()).toEqual(WORK);
  });

  it("costs a stroke no more than the stroke", async () => {
    await keep.saveWork(WORK);
    const more = { ...WORK, history: add(WORK.history, stroke(3)) };
    expect(await written(() => keep.saveWork(more))).toEqual(["at", "count", "step:2"]);
    expect(await written(() => keep.saveWork({ ...more, history: undo(more.history) }))).toEqual(["at"]);
  });

  it("costs no more after a reload either", async () => {
    await keep.saveWork(WORK);
    const after = await another();
    const found = (await after.loadWork()) as Work;
    const more = { ...found, history: add(found.history, stroke(3)) };
    expect(await written(() => after.saveWork(more))).toEqual(["at", "count", "step:2"]);
  });

  it("writes the picture behind once, whatever else is set", async () => {
    const behind = { kind: "image", image: new Blob(["wall"]) } as const;
    await keep.saveWork({ ...WORK, settings: { ...SETTINGS, behind } });
    const next = { ...WORK, settings: { ...SETTINGS, behind, quality: "best" } as const };
    expect(await written(() => keep.saveWork(next))).toEqual(["settings"]);
    await keep.saveWork(WORK);
    expect((await (await base()).getAllKeys("entries")).map((key) => key[1]).join()).not.toContain("image:");
  });

  it("drops steps that were undone and drawn over", async () => {
    await keep.saveWork({ ...WORK, history: drawn(1, 2, 3) });
    const over = { ...WORK, history: add(undo(undo(drawn(1, 2, 3))), stroke(9)) };
    await keep.saveWork(over);
    expect((await (await another()).loadWork())?.history).toEqual(over.history);
    expect((await (await base()).getAllKeys("entries")).map((key) => key[1])).not.toContain("step:2");
  });

  it("is the last one of many that are saved at once", async () => {
    const saving = [1, 2, 3, 4, 5].map((x) => keep.saveWork({ ...WORK, history: drawn(x) }));
    expect(new Set(await Promise.all(saving))).toEqual(new Set(["kept"]));
    expect((await (await another()).loadWork())?.history).toEqual(drawn(5));
  });

  it("is gone when it is forgotten, and can be kept again", async () => {
    await keep.saveWork(WORK);
    await keep.forgetWork();
    expect(await (await another()).loadWork()).toBeNull();
    await keep.saveWork(WORK);
    expect(await (await another()).loadWork()).toEqual(WORK);
  });

  it("is what was saved after it was forgotten, whatever waited before", async () => {
    const saves = [keep.saveWork(WORK), keep.saveWork({ ...WORK, history: drawn(3) })];
    const forgotten = keep.forgetWork();
    const next = { ...WORK, photo: { ...WORK.photo, id: "b" } };
    saves.push(keep.saveWork(next));
    await Promise.all([...saves, forgotten]);
    expect((await (await another()).loadWork())?.photo.id).toBe("b");
  });

  it("is that of the tab that wrote last where tabs share it, and never a mixture", async () => {
    const other = await another();
    await keep.saveWork({ ...WORK, history: drawn(1, 2, 3) });
    await other.saveWork({ ...WORK, photo: { ...WORK.photo, id: "b" }, history: drawn(7) });
    await keep.saveWork({ ...WORK, history: drawn(1) });
    const found = await (await another()).loadWork();
    expect([found?.photo.id, found?.history]).toEqual(["a", drawn(1)]);
  });

  it("stays as it was where one part cannot be written", async () => {
    await keep.saveWork(WORK);
    const broken = { ...WORK, matte: { ...WORK.matte, id: () => 1 } } as unknown as Work;
    expect(await keep.saveWork({ ...broken, history: drawn(1, 2, 3) })).toBe("refused");
    expect(await (await another()).loadWork()).toEqual(WORK);
    const next = { ...WORK, history: drawn(4) };
    expect(await keep.saveWork(next)).toBe("kept");
    expect(await (await another()).loadWork()).toEqual(next);
  });

  it.each([
    ["name", undefined],
    ["file", "no file"],
    ["settings", { ...SETTINGS, quality: "splendid" }],
    ["settings", { ...SETTINGS, edges: null }],
    ["matte", { id: "m" }],
    ["at", 3],
    ["at", -1],
    ["count", 1e9],
    ["count", 1],
    ["step:1", undefined],
    ["step:0", { kind: "edit", edit: { ...stroke(1), points: [[1]] } }],
    ["step:0", { kind: "edit", edit: { ...stroke(1), radius: Number.NaN } }],
  ])("is discarded where its %s is broken (%#)", async (name, value) => {
    await keep.saveWork(WORK);
    await (await base()).put("entries", value, ["work", name]);
    expect(await (await another()).loadWork()).toBeNull();
    expect(await (await base()).getAllKeys("entries")).toEqual([]);
  });

  it("is discarded where another version wrote it", async () => {
    await keep.saveWork(WORK);
    await (await base()).put("entries", { version: 0, mark: "x" }, ["work", ""]);
    expect(await (await another()).loadWork()).toBeNull();
    await keep.saveWork(WORK);
    expect(await (await another()).loadWork()).toEqual(WORK);
  });

  it("gets a data base of its own where a later version left another", async () => {
    (await openDB("cleancut", 99, { upgrade: (db) => void db.createObjectStore("other") })).close();
    expect(await keep.loadWork()).toBeNull();
    expect(await keep.saveWork(WORK)).toBe("kept");
    expect(await (await another()).loadWork()).toEqual(WORK);
  });

  it("goes on where the data base was deleted by somebody else", async () => {
    await keep.saveWork(WORK);
    await deleteDB("cleancut");
    expect(await keep.saveWork(WORK)).toBe("kept");
    expect(await (await another()).loadWork()).toEqual(WORK);
  });
});

describe("where the browser keeps nothing", () => {
  it("says so, and that nothing can be read", async () => {
    vi.stubGlobal("indexedDB", {
      open() {
        throw new DOMException("no", "SecurityError");
      },
    });
    expect(await keep.saveWork(WORK)).toBe("refused");
    await expect(keep.loadWork()).rejects.toThrow("no");
    await keep.forgetWork();
  });

  it("writes over nothing that it could not read, where all tabs have that together", async () => {
    await keep.saveWork(WORK);
    const later = await another();
    const failing = vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(() => {
      throw new DOMException("busy", "UnknownError");
    });
    await expect(later.loadWork()).rejects.toThrow("busy");
    failing.mockRestore();
    expect(await later.saveWork({ ...WORK, matte: null })).toBe("refused");
    await later.forgetWork();
    expect(await (await another()).loadWork()).toEqual(WORK);
    // As soon as it has read it, it is as any other.
    expect(await later.loadWork()).toEqual(WORK);
    expect(await later.saveWork({ ...WORK, matte: null })).toBe("kept");
  });

  it("says where there is no room", async () => {
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("no room", "QuotaExceededError");
    });
    expect(await keep.saveWork(WORK)).toBe("full");
  });
});

describe("batch", () => {
  const item = (id: string, more: Partial<Item> = {}): Item => ({
    id,
    photo: { id, name: `${id}.jpg`, file: new Blob([id], { type: "image/jpeg" }) },
    own: null,
    history: EMPTY,
    state: { kind: "waiting" },
    result: null,
    ...more,
  });
  const recipe = { settings: SETTINGS, edits: [stroke(1)] };
  const batch: Batch = {
    settings: SETTINGS,
    items: [
      item("c", { state: { kind: "queued", job: "k" } }),
      item("a", { state: { kind: "failed", problem: { error: "no", code: "not_an_image", hint: "send one" } } }),
      item("b", {
        own: { ...SETTINGS, quality: "best" },
        state: { kind: "done" },
        result: { recipe, job: "j", number: 1, bytes: 12, subject: true, confidence: null },
      }),
    ],
    jobs: [{ key: "k", id: null, items: ["c"], recipe, ended: false }],
  };

  it("is the same after a reload, in its order", async () => {
    expect(await keep.saveBatch(batch)).toBe("kept");
    const found = await (await another()).loadBatch();
    expect(found).toEqual(batch);
    expect(await found?.items[0]?.photo.file.text()).toBe("c");
  });

  it("costs a change of one photo's state no more than that", async () => {
    await keep.saveBatch(batch);
    const items = batch.items.map((each) =>
      each.id === "c" ? { ...each, state: { kind: "cancelled" } as const } : each,
    );
    expect(await written(() => keep.saveBatch({ ...batch, items }))).toEqual(["item:c"]);
    const fewer = { ...batch, items: items.slice(1) };
    expect(await written(() => keep.saveBatch(fewer))).toEqual(["items"]);
    expect(await (await another()).loadBatch()).toEqual(fewer);
  });

  it("does not disturb the photo in work", async () => {
    await keep.saveWork(WORK);
    await keep.saveBatch(batch);
    await keep.forgetBatch();
    const after = await another();
    expect([await after.loadWork(), await after.loadBatch()]).toEqual([WORK, null]);
  });

  it("has one object again for a picture that stood behind all", async () => {
    const behind = (words: string) => ({ ...SETTINGS, behind: { kind: "image", image: new Blob([words]) } }) as const;
    const [wall, door] = [behind("wall"), behind("door")];
    const recipe = { settings: wall, edits: [] };
    const result = { recipe, job: "j", number: 1, bytes: 1, subject: true, confidence: 1 };
    const many = { settings: wall, items: [item("a", { result }), item("b", { own: door })], jobs: [] };
    const names = await written(() => keep.saveBatch(many));
    expect(names.filter((name) => name.startsWith("image:"))).toHaveLength(2);
    const found = await (await another()).loadBatch();
    const image = (settings: Settings | null | undefined) => settings?.behind.kind === "image" && settings.behind.image;
    const [first, second] = found?.items ?? [];
    expect(image(first?.result?.recipe.settings)).toBe(image(found?.settings));
    expect(image(second?.own)).not.toBe(image(found?.settings));
  });

  it("loses no other photo where one cannot be read, which stays in its job", async () => {
    const lost = item("lost", { state: { kind: "uploading", job: "k" } });
    const jobs = [{ key: "k", id: null, items: ["lost", "c"], recipe, ended: false }];
    await keep.saveBatch({ ...batch, items: [lost, ...batch.items], jobs });
    const slice = Blob.prototype.slice;
    vi.spyOn(Blob.prototype, "slice").mockImplementation(function (this: Blob, ...range) {
      if (this.size === "lost".length) throw new DOMException("gone", "NotReadableError");
      return slice.apply(this, range);
    });
    expect(await (await another()).loadBatch()).toEqual({ ...batch, jobs });
  });

  it("keeps an empty file as it is, and all others with it", async () => {
    const problem = { error: "empty", code: "input_missing", hint: "choose another" };
    const empty = { ...item("empty", { state: { kind: "failed", problem } }) };
    const many = { ...batch, items: [{ ...empty, photo: { ...empty.photo, file: new Blob([]) } }, ...batch.items] };
    await keep.saveBatch(many);
    expect(await (await another()).loadBatch()).toEqual(many);
  });

  it.each(["item:a", "name:a", "file:a"])("loses no other photo where the %s of one is broken", async (name) => {
    await keep.saveBatch(batch);
    await (await base()).put("entries", { kind: "odd" }, ["batch", name]);
    const items = batch.items.filter(({ id }) => id !== "a");
    expect(await (await another()).loadBatch()).toEqual({ ...batch, items });
  });

  it("sends a photo once more where its job is broken", async () => {
    await keep.saveBatch(batch);
    await (await base()).put("entries", { kind: "odd" }, ["batch", "job:k"]);
    const found = await (await another()).loadBatch();
    expect(found?.jobs).toEqual([]);
    expect(found?.items.map(({ state }) => state.kind)).toEqual(["waiting", "failed", "done"]);
  });

  it("is discarded where what all have in common is broken", async () => {
    await keep.saveBatch(batch);
    await (await base()).put("entries", { kind: "odd" }, ["batch", "items"]);
    expect(await (await another()).loadBatch()).toBeNull();
  });
});
