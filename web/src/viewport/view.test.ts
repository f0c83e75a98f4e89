import { describe, expect, it } from "vitest";
import {
  between,
  bounded,
  clamp,
  fitted,
  MAX_SCALE,
  pan,
  pinch,
  resized,
  revealed,
  toPhoto,
  toStage,
  zoomAt,
} from "./view";

const photo = { width: 8700, height: 5800 };
const stage = { width: 1200, height: 700 };

describe("fitted", () => {
  it("shows the whole photo in the middle, within a margin", () => {
    const view = fitted(photo, stage, 20);
    const [left, top] = toStage(view, [0, 0]);
    const [right, bottom] = toStage(view, [photo.width, photo.height]);
    expect(left).toBeCloseTo(stage.width - right);
    expect(top).toBeCloseTo(20);
    expect(bottom).toBeCloseTo(stage.height - 20);
  });

  it("does not blow up a small photo beyond twice its size", () => {
    expect(fitted({ width: 16, height: 16 }, stage).scale).toBe(2);
  });
});

describe("zoomAt", () => {
  it("keeps what is below the pointer", () => {
    const view = fitted(photo, stage);
    const place = [500, 310] as const;
    const zoomed = zoomAt(view, place, 7.3, photo, stage);
    expect(zoomed.scale).toBeCloseTo(view.scale * 7.3);
    expect(toPhoto(zoomed, place)[0]).toBeCloseTo(toPhoto(view, place)[0]);
    expect(toPhoto(zoomed, place)[1]).toBeCloseTo(toPhoto(view, place)[1]);
  });

  it("goes from a quarter of what fits to 32 pixels a pixel", () => {
    const view = fitted(photo, stage);
    expect(zoomAt(view, [600, 350], 1e6, photo, stage).scale).toBe(MAX_SCALE);
    expect(zoomAt(view, [600, 350], 1e-6, photo, stage).scale).toBeCloseTo(view.scale / 4);
  });

  it("bounds the scale of a photo that is smaller than the stage", () => {
    expect(bounded(1e9, { width: 2, height: 2 }, stage)).toBe(MAX_SCALE);
    expect(bounded(0, { width: 2, height: 2 }, stage)).toBe(0.5);
  });
});

describe("clamp", () => {
  it("never loses the photo", () => {
    for (const [dx, dy] of [
      [1e6, 0],
      [-1e6, 0],
      [0, 1e6],
      [0, -1e6],
    ] as const) {
      const view = pan(fitted(photo, stage), dx, dy, photo, stage);
      const [x, y] = toPhoto(view, [stage.width / 2, stage.height / 2]);
      expect(x).toBeGreaterThanOrEqual(-1e-6);
      expect(x).toBeLessThanOrEqual(photo.width + 1e-6);
      expect(y).toBeGreaterThanOrEqual(-1e-6);
      expect(y).toBeLessThanOrEqual(photo.height + 1e-6);
    }
  });

  it("leaves what is within its bounds", () => {
    const view = { scale: 1, x: -300, y: -200 };
    expect(clamp(view, photo, stage)).toEqual(view);
  });
});

describe("pinch", () => {
  it("keeps what is below each finger", () => {
    const view = { scale: 0.5, x: -700, y: -400 };
    const before = [
      [400, 300],
      [600, 380],
    ] as const;
    const after = [
      [330, 250],
      [730, 410],
    ] as const;
    const pinched = pinch(view, before, after, photo, stage);
    for (const i of [0, 1] as const) {
      expect(toPhoto(pinched, after[i])[0]).toBeCloseTo(toPhoto(view, before[i])[0]);
      expect(toPhoto(pinched, after[i])[1]).toBeCloseTo(toPhoto(view, before[i])[1]);
    }
  });

  it("moves where the fingers only move", () => {
    const view = { scale: 0.5, x: -700, y: -400 };
    const pinched = pinch(
      view,
      [
        [100, 100],
        [200, 100],
      ],
      [
        [130, 90],
        [230, 90],
      ],
      photo,
      stage,
    );
    expect(pinched).toEqual({ scale: 0.5, x: -670, y: -410 });
  });
});

describe("resized", () => {
  it("keeps the middle", () => {
    const view = { scale: 0.5, x: -700, y: -400 };
    const after = { width: 400, height: 900 };
    const middle = toPhoto(resized(view, photo, stage, after), [200, 450]);
    expect(middle[0]).toBeCloseTo(toPhoto(view, [600, 350])[0]);
    expect(middle[1]).toBeCloseTo(toPhoto(view, [600, 350])[1]);
  });
});

describe("between", () => {
  it("begins at one and ends at the other", () => {
    const from = fitted(photo, stage);
    const to = { scale: 1, x: -3000, y: -2000 };
    for (const [share, view] of [
      [0, from],
      [1, to],
    ] as const) {
      const found = between(from, to, share, stage);
      expect(found.scale).toBeCloseTo(view.scale);
      expect(found.x).toBeCloseTo(view.x);
      expect(found.y).toBeCloseTo(view.y);
    }
  });

  it("holds still a place that both show at the same place", () => {
    const from = fitted(photo, stage);
    const to = zoomAt(from, [300, 200], 5, photo, stage);
    const point = toPhoto(from, [300, 200]);
    const found = toStage(between(from, to, 0.4, stage), point);
    expect(found[0]).toBeCloseTo(300);
    expect(found[1]).toBeCloseTo(200);
  });
});

describe("revealed", () => {
  const view = { scale: 1, x: -1000, y: -1000 };

  it("moves no further than is needed", () => {
    const moved = revealed(view, [2300, 1500], 40, photo, stage);
    expect(toStage(moved, [2300, 1500])[0]).toBeCloseTo(stage.width - 40);
    expect(moved.y).toBe(view.y);
  });

  it("leaves a view in which it is seen", () => {
    expect(revealed(view, [1500, 1500], 40, photo, stage)).toBe(view);
  });
});
