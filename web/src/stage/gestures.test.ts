import { describe, expect, it } from "vitest";
import type { Point } from "../edits";
import { type Device, Gestures } from "./gestures";

const press = (id: number, place: Point, time: number, device: Device = "touch", grabs = false) => ({
  id,
  device,
  place,
  time,
  grabs,
});

describe("one pointer", () => {
  it("draws with a tool", () => {
    const gestures = new Gestures();
    expect(gestures.down(press(1, [10, 10], 0))).toEqual([{ kind: "begin" }]);
    expect(gestures.move(1, [20, 10])).toEqual({ kind: "draw" });
    expect(gestures.up(1, 50)).toEqual([{ kind: "end" }]);
  });

  it("moves the photo where it takes hold of it", () => {
    const gestures = new Gestures();
    expect(gestures.down(press(1, [10, 10], 0, "mouse", true))).toEqual([]);
    expect(gestures.move(1, [25, 6])).toEqual({ kind: "pan", dx: 15, dy: -4 });
    expect(gestures.up(1, 500)).toEqual([]);
  });

  it("does nothing while it hovers", () => {
    expect(new Gestures().move(1, [25, 6])).toBeNull();
  });

  it("takes back what it drew when the system takes it away", () => {
    const gestures = new Gestures();
    gestures.down(press(1, [10, 10], 0));
    expect(gestures.lost(1)).toEqual([{ kind: "cancel" }]);
  });
});

describe("two fingers", () => {
  it("pinch, and what the first had just begun is taken back", () => {
    const gestures = new Gestures();
    gestures.down(press(1, [100, 100], 0));
    gestures.move(1, [104, 100]);
    expect(gestures.down(press(2, [200, 100], 80))).toEqual([{ kind: "cancel" }]);
    expect(gestures.move(2, [240, 100])).toEqual({
      kind: "pinch",
      before: [
        [104, 100],
        [200, 100],
      ],
      after: [
        [104, 100],
        [240, 100],
      ],
    });
  });

  it("end a stroke that was meant", () => {
    const gestures = new Gestures();
    gestures.down(press(1, [100, 100], 0));
    gestures.move(1, [180, 100]);
    expect(gestures.down(press(2, [200, 100], 100))).toEqual([{ kind: "end" }]);
    const slowly = new Gestures();
    slowly.down(press(1, [100, 100], 0));
    expect(slowly.down(press(2, [200, 100], 600))).toEqual([{ kind: "end" }]);
  });

  it("do not draw with the one that is left", () => {
    const gestures = new Gestures();
    gestures.down(press(1, [100, 100], 0));
    gestures.down(press(2, [200, 100], 80));
    gestures.up(2, 300);
    expect(gestures.move(1, [110, 120])).toEqual({ kind: "pan", dx: 10, dy: 20 });
    expect(gestures.up(1, 400)).toEqual([]);
    expect(gestures.down(press(3, [100, 100], 900))).toEqual([{ kind: "begin" }]);
  });
});

describe("a pen", () => {
  it("is not disturbed by the hand that holds it", () => {
    const gestures = new Gestures();
    gestures.down(press(1, [100, 100], 0, "pen"));
    expect(gestures.down(press(2, [300, 300], 50))).toEqual([]);
    expect(gestures.move(2, [310, 300])).toBeNull();
    expect(gestures.move(1, [120, 100])).toEqual({ kind: "draw" });
  });

  it("draws although a hand was there first", () => {
    const gestures = new Gestures();
    gestures.down(press(2, [300, 300], 0, "touch", true));
    expect(gestures.down(press(1, [100, 100], 400, "pen"))).toEqual([{ kind: "begin" }]);
  });
});

describe("a double tap", () => {
  const taps = (second: Point, time: number) => {
    const gestures = new Gestures();
    gestures.down(press(1, [50, 50], 0, "touch", true));
    gestures.up(1, 60);
    gestures.down(press(2, second, time, "touch", true));
    return gestures.up(2, time + 60);
  };

  it("is two at one place, soon after each other", () => {
    expect(taps([56, 52], 200)).toEqual([{ kind: "doubleTap", place: [56, 52] }]);
    expect(taps([120, 52], 200)).toEqual([]);
    expect(taps([56, 52], 900)).toEqual([]);
  });
});
