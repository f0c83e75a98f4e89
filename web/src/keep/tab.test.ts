import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Work } from "../app/contract";
import { EMPTY } from "../editor/history";
import { photos } from "../many/samples";
import { DEFAULTS } from "../settings/defaults";
import { base, close } from "./base";
import { Locks } from "./samples";

type Keep = typeof import("./index");

const work = (id: string): Work => ({
  photo: { id, name: `${id}.jpg`, file: new Blob([id]) },
  settings: DEFAULTS,
  history: EMPTY,
  editedFrom: null,
  tools: null,
  matte: null,
});

const MATTE = { id: "m", width: 4, height: 3, subject: true, confidence: 1, model: "u2netp" };

let locks: Locks;

/** A page of a tab, of which only what the browser remembers of that tab outlives a reload. */
class Page {
  keep!: Keep;

  constructor(readonly storage: Map<string, string> = new Map()) {}

  async open(): Promise<Page> {
    vi.stubGlobal("navigator", { locks: locks.of(this) });
    const { storage } = this;
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => void storage.set(name, value),
    });
    vi.resetModules();
    this.keep = await import("./index");
    await this.keep.loadBatch().catch(() => null);
    return this;
  }

  /** Closes it: a reload opens another page of the same tab. */
  close(): Map<string, string> {
    locks.release(this);
    return this.storage;
  }

  async has(): Promise<string | undefined> {
    return (await this.keep.loadWork())?.photo.id;
  }
}

const busy = (): never => {
  throw new DOMException("busy", "UnknownError");
};

const tab = (storage?: Map<string, string>): Promise<Page> => new Page(storage).open();

const slots = async (): Promise<number> =>
  new Set((await (await base()).getAllKeys("entries")).map(([slot]) => slot)).size;

beforeEach(() => {
  locks = new Locks();
  vi.stubGlobal("indexedDB", new IDBFactory());
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await close();
});

describe("tabs", () => {
  it("each keep their own photo and their own queue", async () => {
    const [a, b] = [await tab(), await tab()];
    await a.keep.saveWork(work("a"));
    await a.keep.saveBatch(photos({ x: 1 }));
    await b.keep.saveWork(work("b"));
    expect(await b.keep.loadBatch()).toBeNull();
    const [again, other] = [await tab(a.close()), await tab(b.close())];
    expect([await again.has(), await other.has()]).toEqual(["a", "b"]);
    expect((await again.keep.loadBatch())?.items[0]?.id).toBe("x");
    await other.keep.forgetWork();
    expect(await again.has()).toBe("a");
  });

  it("that are new go on with what was written last and belongs to no other", async () => {
    const clock = vi.spyOn(Date, "now");
    const [a, b, c] = [await tab(), await tab(), await tab()];
    for (const [page, id, at] of [
      [a, "a", 2000],
      [b, "b", 3000],
      [c, "c", 1000],
    ] as const) {
      clock.mockReturnValue(at);
      await page.keep.saveWork(work(id));
    }
    a.close();
    c.close();
    const found = await tab();
    expect([await found.has(), await (await tab()).has(), await (await tab()).has()]).toEqual(["a", "c", undefined]);
    // It is theirs from then on.
    expect(await (await tab(found.close())).has()).toBe("a");
  });

  it("that were duplicated begin with nothing, and leave the other what it has", async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      const late = new AbortController();
      setTimeout(() => late.abort(), 20);
      return late.signal;
    });
    const [a, closed] = [await tab(), await tab()];
    await a.keep.saveWork(work("a"));
    await closed.keep.saveWork(work("closed"));
    closed.close();
    const copy = await tab(new Map(a.storage));
    expect(await copy.has()).toBeUndefined();
    await copy.keep.saveWork(work("b"));
    expect([await (await tab(a.close())).has(), await (await tab(copy.close())).has()]).toEqual(["a", "b"]);
  });

  it("that are reloaded wait until the page before has let go", async () => {
    const a = await tab();
    await a.keep.saveWork(work("a"));
    setTimeout(() => a.close(), 50);
    expect(await (await tab(a.storage)).has()).toBe("a");
  });

  it("leave nothing for ever, as long as they do not live", async () => {
    const [a, b] = [await tab(), await tab()];
    await a.keep.saveWork(work("a"));
    await a.keep.saveBatch(photos({ x: 1 }));
    await b.keep.saveWork(work("b"));
    const found = await tab(new Map([["cleancut-tab", "of its own"]]));
    a.close();
    await tab(new Map([["cleancut-tab", "another"]]));
    expect(await slots()).toBe(3);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 8 * 24 * 3600 * 1000);
    await tab(new Map([["cleancut-tab", "a third"]]));
    await vi.waitFor(async () => expect(await slots()).toBe(1));
    expect(await b.has()).toBe("b");
    expect(await found.has()).toBeUndefined();
  });

  it("write what has changed in the task that changes it", async () => {
    const a = await tab();
    await a.keep.saveWork(work("a"));
    const done = vi.spyOn(IDBTransaction.prototype, "commit");
    const saved = a.keep.saveWork({ ...work("a"), matte: MATTE });
    // Only what is under way already: nothing that the browser answers is heard meanwhile.
    for (let turn = 0; turn < 50; turn++) await null;
    expect(done).toHaveBeenCalledOnce();
    expect(await saved).toBe("kept");
    const left = a.keep.forgetWork();
    for (let turn = 0; turn < 50; turn++) await null;
    expect(done).toHaveBeenCalledTimes(2);
    await left;
    expect(await (await tab(a.close())).has()).toBeUndefined();
  });

  it("write all anew where another one has forgotten everything", async () => {
    const [a, b] = [await tab(), await tab()];
    await a.keep.saveWork(work("a"));
    await b.keep.forgetEverything();
    expect(await a.keep.saveWork({ ...work("a"), matte: MATTE })).toBe("kept");
    expect((await (await tab(a.close())).keep.loadWork())?.matte).toEqual(MATTE);
  });

  it("have nothing when all is forgotten, and can keep again", async () => {
    const [a, b] = [await tab(), await tab()];
    await a.keep.saveWork(work("a"));
    await b.keep.saveWork(work("b"));
    b.close();
    await a.keep.forgetEverything();
    expect([await slots(), await a.has()]).toEqual([0, undefined]);
    await a.keep.saveWork(work("c"));
    expect(await (await tab(a.close())).has()).toBe("c");
  });

  it("wait a moment where what they had cannot be read at once", async () => {
    const a = await tab();
    await a.keep.saveBatch(photos({ x: 1 }));
    const { open } = indexedDB;
    const failing = vi.spyOn(indexedDB, "open").mockImplementation(busy);
    setTimeout(() => failing.mockImplementation((...words) => open.apply(indexedDB, words)), 150);
    const again = await new Page(a.close()).open();
    await again.keep.saveBatch(photos({ x: 1, y: 1 }));
    expect((await again.keep.loadBatch())?.items.map(({ id }) => id)).toEqual(["x", "y"]);
    expect(await slots()).toBe(1);
  });

  it("that cannot read what they had leave it to another, and keep what follows by itself", async () => {
    const a = await tab();
    await a.keep.saveWork(work("a"));
    await a.keep.saveBatch(photos({ x: 1 }));
    const failing = vi.spyOn(indexedDB, "open").mockImplementation(busy);
    const again = await tab(a.close());
    await expect(again.keep.loadWork()).rejects.toThrow("busy");
    expect([again.keep.cameBack, await again.keep.saveWork(work("b"))]).toEqual([true, "refused"]);
    failing.mockRestore();
    // Another page may find it as long as nothing else was written.
    const third = await tab(again.close());
    expect(await third.has()).toBe("a");
    vi.spyOn(indexedDB, "open").mockImplementation(busy);
    await close();
    const fourth = await tab(third.close());
    await expect(fourth.keep.loadWork()).rejects.toThrow("busy");
    vi.mocked(indexedDB.open).mockRestore();
    await Promise.all([fourth.keep.saveBatch(photos({ y: 1 })), fourth.keep.saveWork(work("b"))]);
    const after = await tab(fourth.close());
    expect([await after.has(), (await after.keep.loadBatch())?.items[0]?.id]).toEqual(["b", "y"]);
    const other = await tab();
    expect([other.keep.cameBack, await other.has()]).toEqual([false, "a"]);
    expect((await other.keep.loadBatch())?.items[0]?.id).toBe("x");
  });

  it("take along what they could read, and leave none of it behind", async () => {
    const a = await tab();
    await a.keep.saveWork(work("a"));
    await a.keep.saveBatch(photos({ x: 1 }));
    const getAll = IDBObjectStore.prototype.getAll;
    const failing = vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(function (
      this: IDBObjectStore,
      range,
    ) {
      return (range as IDBKeyRange).lower[0].startsWith("batch") ? busy() : getAll.call(this, range);
    });
    const again = await tab(a.close());
    failing.mockRestore();
    expect(await again.has()).toBe("a");
    await again.keep.saveBatch(photos({ y: 1 }));
    await again.keep.saveWork({ ...work("a"), matte: MATTE });
    // Two queues, and one photo.
    expect(await slots()).toBe(3);
    const after = await tab(again.close());
    expect([(await after.keep.loadWork())?.matte, (await after.keep.loadBatch())?.items[0]?.id]).toEqual([MATTE, "y"]);
    const other = await tab();
    expect([await other.has(), (await other.keep.loadBatch())?.items[0]?.id]).toEqual([undefined, "x"]);
  });

  it("take along what was read though it never changes", async () => {
    const a = await tab();
    await a.keep.saveBatch(photos({ x: 1 }));
    const getAll = IDBObjectStore.prototype.getAll;
    vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(function (this: IDBObjectStore, range) {
      return (range as IDBKeyRange).lower[0].startsWith("work") ? busy() : getAll.call(this, range);
    });
    const again = await tab(a.close());
    await expect(again.keep.loadWork()).rejects.toThrow("busy");
    vi.mocked(IDBObjectStore.prototype.getAll).mockRestore();
    await again.keep.saveWork(work("b"));
    // One thing of a slot is done after the other.
    await again.keep.loadBatch();
    expect(await slots()).toBe(2);
    const after = await tab(again.close());
    expect([await after.has(), (await after.keep.loadBatch())?.items[0]?.id]).toEqual(["b", "x"]);
  });
});
