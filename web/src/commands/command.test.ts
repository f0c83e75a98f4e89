import { expect, test } from "vitest";
import { bound, commandFor, matches, type Pressed, shownKeys } from "./command";

const press = (key: string, held: Partial<Pressed> = {}): Pressed => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

test("Mod is Ctrl or Cmd, and no key works with one that it does not name", () => {
  expect(matches("Mod+Z", press("z", { ctrlKey: true }))).toBe(true);
  expect(matches("Mod+Z", press("z", { metaKey: true }))).toBe(true);
  expect(matches("Mod+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(false);
  expect(matches("Shift+Mod+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(true);
  expect(matches("Z", press("z", { ctrlKey: true }))).toBe(false);
  expect(matches("Z", press("z", { altKey: true }))).toBe(false);
});

test("signs are as they are typed, whether that needs Shift or not", () => {
  expect(matches("?", press("?", { shiftKey: true }))).toBe(true);
  expect(matches("?", press("?"))).toBe(true);
  expect(matches("+", press("+", { shiftKey: true }))).toBe(true);
  expect(matches("Shift+[", press("["))).toBe(false);
  expect(matches("Shift+[", press("[", { shiftKey: true }))).toBe(true);
  expect(matches("Mod++", press("+", { ctrlKey: true }))).toBe(true);
});

test("named keys", () => {
  expect(matches("Space", press(" "))).toBe(true);
  expect(matches("ArrowLeft", press("ArrowLeft"))).toBe(true);
  expect(matches("ArrowLeft", press("ArrowLeft", { shiftKey: true }))).toBe(false);
});

test("where single signs are no shortcuts, a command has its other keys left", () => {
  const command = { id: "x", label: "X", keys: ["X", "Mod+X"], enabled: () => true, perform: () => undefined };
  expect(commandFor([command], press("x"), false)).toBeUndefined();
  expect(commandFor([command], press("x", { ctrlKey: true }), false)).toBe(command);
  expect(commandFor([command], press("x"))).toBe(command);
});

test("shortcuts are shown as keyboards name their keys", () => {
  expect(shownKeys("Shift+Mod+Z", false)).toEqual(["Shift", "Ctrl", "Z"]);
  expect(shownKeys("Mod+Z", true)).toEqual(["⌘", "Z"]);
  expect(shownKeys("+", false)).toEqual(["+"]);
  expect(shownKeys("ArrowLeft", false)).toEqual(["←"]);
});

test("a bound command works on what it was bound to, and is found by its keys", () => {
  const seen: string[] = [];
  const command = {
    id: "x",
    label: "X",
    keys: ["X"],
    enabled: (who: string) => who === "me",
    perform: (who: string) => seen.push(who),
    release: (who: string) => seen.push(`${who} let go`),
  };
  const mine = commandFor(bound([command], "me"), press("x"));
  expect(mine?.enabled()).toBe(true);
  mine?.perform();
  mine?.release?.();
  expect(seen).toEqual(["me", "me let go"]);
  expect(bound([command], "other")[0]?.enabled()).toBe(false);
});
