import { expect, it } from "vitest";
import type { BrushEdit } from "../edits";
import { Ledger } from "./ledger";

const edit = (): BrushEdit => ({ kind: "brush", action: "add", points: [[1, 1]], radius: 3, hardness: 1, opacity: 1 });

it("tells only what has changed", () => {
  const ledger = new Ledger();
  const [a, b, c] = [edit(), edit(), edit()];
  expect(ledger.want([a, b])?.add.map(({ edit }) => edit)).toEqual([a, b]);
  expect(ledger.want([a, b])).toBeNull();
  expect(ledger.want([a, b, c])).toMatchObject({ keep: 2, add: [{ edit: c }] });
  expect(ledger.want([a])).toEqual({ keep: 1, add: [] });
});

it("gives an edit that comes again the number that it had", () => {
  const ledger = new Ledger();
  const a = edit();
  const id = ledger.want([a])?.add[0]?.id;
  ledger.want([]);
  expect(ledger.want([a])?.add[0]?.id).toBe(id);
});

it("knows what was drawn when the app brings it", () => {
  const ledger = new Ledger();
  const stroke = edit();
  const id = ledger.next();
  expect(ledger.drew(stroke, id)).toEqual({ keep: 0, add: [{ id, edit: stroke }] });
  ledger.release(0);
  expect(ledger.want([stroke])).toBeNull();
  expect(ledger.settle(1e6)).toBeNull();
});

it("keeps what was drawn above lists that do not have it yet", () => {
  const ledger = new Ledger();
  const [a, b] = [edit(), edit()];
  ledger.drew(b, ledger.next());
  ledger.release(0);
  expect(ledger.want([a])).toMatchObject({ keep: 0, add: [{ edit: a }, { edit: b }] });
  expect(ledger.want([a, b])).toBeNull();
});

it("takes back what the app does not take", () => {
  const ledger = new Ledger();
  ledger.drew(edit(), ledger.next());
  const until = ledger.release(1000);
  expect(ledger.settle(until - 1)).toBeNull();
  expect(ledger.settle(until)).toEqual({ keep: 0, add: [] });
});

it("undoes at once what the app has had", () => {
  const ledger = new Ledger();
  const stroke = edit();
  ledger.drew(stroke, ledger.next());
  ledger.release(0);
  ledger.want([stroke]);
  expect(ledger.want([])).toEqual({ keep: 0, add: [] });
});

it("drops the pieces of a stroke that is given up, and no other stroke", () => {
  const ledger = new Ledger();
  const [before, piece] = [edit(), edit()];
  ledger.drew(before, ledger.next());
  ledger.release(0);
  ledger.drew(piece, ledger.next());
  expect(ledger.drop()).toEqual({ keep: 1, add: [] });
});
