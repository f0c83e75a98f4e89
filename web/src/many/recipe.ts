/** What a photo's picture is to be made with, and whether it was. */

import type { Settings } from "../app/contract";
import { applied } from "../editor/history";
import { wire } from "../editor/wire";
import { type Field, matteFields, pictureFields, pictureKey } from "../settings/fields";
import type { Batch, Item, Recipe } from "./contract";

/** What is wanted of a photo now. */
export const wanted = (item: Item, batch: Batch): Recipe => ({
  settings: item.own ?? batch.settings,
  edits: applied(item.history),
});

/** Recipes with the same key make the same picture of the same photo. */
export function recipeKey({ settings, edits }: Recipe): string {
  // By what edits say, not by who they are: a recipe that was kept has others that say the same.
  return `${settingsKey(settings)} ${wire(edits)}`;
}

// Asked for of each photo after each change.
const keys = new WeakMap<Settings, string>();

function settingsKey(settings: Settings): string {
  const key = keys.get(settings) ?? `${JSON.stringify(matteFields(settings))} ${pictureKey("", settings, [])}`;
  keys.set(settings, key);
  return key;
}

/** The fields of a form for it. */
export function recipeFields({ settings, edits }: Recipe): readonly Field[] {
  const strokes: readonly Field[] = edits.length > 0 ? [["strokes", wire(edits)]] : [];
  return [...matteFields(settings), ...pictureFields(settings, []), ...strokes];
}

/** Whether a picture is there that was made with something else than is wanted now. */
export const isStale = (item: Item, batch: Batch): boolean =>
  item.result !== null && recipeKey(item.result.recipe) !== recipeKey(wanted(item, batch));
