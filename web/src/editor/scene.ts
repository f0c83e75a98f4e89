/** What the stage shows while a photo is edited. */

import type { Edit, GrowEdit, Reach } from "../edits";
import type { Behind, Scene } from "../stage/contract";
import type { EditorState } from "./contract";
import { toolOf } from "./tools";

/** The scene of the editor's state, the edits that are applied, and what is known of those that grow. */
export const sceneOf = (
  state: EditorState,
  edits: readonly Edit[],
  reaches: ReadonlyMap<GrowEdit, Reach>,
  behind: Behind,
): Scene => ({
  mode: "edit",
  behind,
  overlay: state.overlay,
  original: state.original,
  edits,
  reaches,
  tool: toolOf(state.tools),
});
