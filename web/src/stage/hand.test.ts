import { describe, expect, it } from "vitest";
import type { Edit, Point } from "../edits";
import type { Tool } from "./contract";
import { Hand } from "./hand";
import { Ledger } from "./ledger";
import type { ToEngine } from "./messages";

const BRUSH: Tool = { kind: "brush", action: "add", radius: 20, hardness: 1, opacity: 1 };

function begun(tool: Tool, points: readonly Point[], pressures: readonly number[] = []) {
  const sent: ToEngine[] = [];
  const drawn: Edit[] = [];
  const hand = new Hand({
    ledger: new Ledger(),
    send: (message) => sent.push(message),
    drawn: (edit) => drawn.push(edit),
    scale: () => 0.5,
  });
  const samples = points.map((point, i) => ({ point, pressure: pressures[i] ?? null }));
  const [first, ...rest] = samples;
  if (first) hand.begin(tool, first);
  for (const sample of rest) hand.move([sample]);
  return { hand, sent, drawn, types: () => sent.map(({ type }) => type) };
}

describe("a brush", () => {
  it("is seen as it goes, and told when it is lifted", () => {
    const { hand, sent, drawn, types } = begun(BRUSH, [
      [0, 0],
      [30, 0],
    ]);
    expect(types()).toEqual(["begin", "draw", "draw"]);
    expect(drawn).toEqual([]);
    hand.end();
    expect(types()).toEqual(["begin", "draw", "draw", "end", "edits"]);
    expect(drawn).toMatchObject([
      {
        kind: "brush",
        points: [
          [0, 0],
          [30, 0],
        ],
      },
    ]);
    // What was drawn and what is told are one to the engine.
    expect(sent[0]).toMatchObject({ id: 1 });
    expect(sent[4]).toEqual({ type: "edits", keep: 0, add: [{ id: 1, edit: drawn[0] }] });
  });

  it("has ended where the page may end, and what follows of it draws no more", () => {
    const { hand, drawn } = begun(BRUSH, [
      [0, 0],
      [30, 0],
    ]);
    hand.keep();
    expect(drawn).toMatchObject([
      {
        points: [
          [0, 0],
          [30, 0],
        ],
      },
    ]);
    hand.move([{ point: [60, 0], pressure: null }]);
    hand.end();
    expect(drawn).toHaveLength(1);
  });

  it("leaves nothing when it is given up, though pieces of it had ended", () => {
    const { hand, sent, drawn } = begun(
      BRUSH,
      [
        [0, 0],
        [30, 0],
        [60, 0],
      ],
      [0.2, 0.9, 0.9],
    );
    hand.cancel();
    expect(sent.slice(-2)).toEqual([{ type: "cancel" }, { type: "edits", keep: 0, add: [] }]);
    hand.end();
    expect(drawn).toEqual([]);
  });
});

describe("a lasso", () => {
  it("shows its line as it grows, and takes it away", () => {
    const { hand, sent, drawn } = begun({ kind: "lasso", action: "remove" }, [
      [0, 0],
      [50, 0],
      [50, 50],
    ]);
    expect(sent.at(-1)).toEqual({ type: "line", keep: 2, points: [[50, 50]] });
    hand.end();
    expect(sent.at(-1)).toEqual({ type: "line", keep: 0, points: [] });
    expect(drawn).toMatchObject([
      {
        kind: "lasso",
        action: "remove",
        points: [
          [0, 0],
          [50, 0],
          [50, 50],
        ],
      },
    ]);
  });
});

describe("a growing point", () => {
  const GROW: Tool = { kind: "grow", action: "add", reach: 0.4 };

  it("is where the pointer went down, even if it trembles", () => {
    const { hand, drawn } = begun(GROW, [
      [10.04, 20],
      [14, 20],
    ]);
    hand.end();
    expect(drawn).toEqual([{ kind: "grow", action: "add", point: [10, 20], reach: 0.4 }]);
  });

  it("is not meant by whoever drags", () => {
    const { hand, drawn } = begun(GROW, [
      [10, 20],
      [90, 20],
    ]);
    hand.end();
    expect(drawn).toEqual([]);
  });
});
