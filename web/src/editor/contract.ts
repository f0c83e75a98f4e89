/**
 * The seam between the editor and the screen that shows it:
 *
 *     const editor = useEditor({ matteId, size, history, onHistory, tools, onTools, stage, editing });   // editor/useEditor.ts
 *     <div className="frame">                                                        // positioned; holds the stage
 *       <Stage scene={editing ? editor.scene(behind) : …} onEdit={editor.onEdit} onReached={editor.onReached} onView={setView} … />
 *       {editing && <KeyCursorView editor={editor} view={view} stage={stage} />}
 *     </div>
 *     {editing && <EditorPanel editor={editor} from={…} edges={…} busy={…} problem={…} onDone={…} onCancel={…} />}
 *
 * `useKeys(bound(editorCommands, editor))` has the keys do what the panel does, and `editorGroup` is for the list by `?`
 * (both of editor/commands.ts). The editor's come before others: digits are its opacity.
 */

import type { RefObject } from "react";
import type { Settings } from "../app/contract";
import type { Edit, GrowEdit } from "../edits";
import type { Kept } from "../keep";
import type { Behind, OnEdit, Overlay, Scene, StageHandle, View } from "../stage/contract";
import type { Size } from "../viewport/view";
import type { History } from "./history";
import type { Tools, ToolsAction } from "./tools";

/** What editing looks like; none of it changes the picture. */
export interface EditorState {
  readonly tools: Tools;
  readonly overlay: Overlay;
  /** The plain photo is shown. */
  readonly original: boolean;
}

/** Why a growing point shows nothing. */
export interface GrowProblem {
  /** It may go well another time. */
  readonly retry: boolean;
  readonly message: string;
  readonly hint: string;
}

export interface EditorOptions {
  /** null as long as the server knows no matte: growing points then wait. */
  readonly matteId: string | null;
  /** Of the photo. */
  readonly size: Size;
  readonly history: History;
  readonly onHistory: (history: History) => void;
  /** null: as they lie there first. */
  readonly tools: Tools | null;
  readonly onTools: (tools: Tools) => void;
  /** What is drawn on. */
  readonly stage: RefObject<StageHandle | null>;
  /** Edits are taken, and coverage is asked for, while this is true. */
  readonly editing: boolean;
  /** The server keeps this matte no more. True: points wait until `matteId` has been null and is known again. */
  readonly onMatteGone?: (matteId: string) => boolean;
  /** Nothing but signing in helps. */
  readonly onKeyNeeded?: () => void;
}

/** What `useEditor` gives. */
export interface Editor {
  readonly state: EditorState;
  readonly size: Size;
  readonly history: History;
  /** What is to be sent to the server: the edits since the last reset. */
  readonly edits: readonly Edit[];
  /** What some points cover is not on the screen yet. */
  readonly growing: boolean;
  readonly growProblem: GrowProblem | null;
  /** Asks once more; the point is put back where it was taken away. */
  retryGrow(): void;
  dismissGrow(): void;
  scene(behind: Behind): Scene;
  readonly onEdit: OnEdit;
  /** What a point covers is on the screen. */
  onReached(edit: GrowEdit): void;
  /** Something is just being drawn by hand. */
  isDrawing(): boolean;
  /** It vanishes. */
  giveUp(): void;
  onTools(action: ToolsAction): void;
  onOverlay(overlay: Overlay): void;
  /** A key or a button that shows the photo goes down, or up. Held, it shows as long as that; pressed shortly, until the next time. */
  onOriginal(down: boolean): void;
  onHistory(history: History): void;
}

export interface EditorPanelProps {
  readonly editor: Editor;
  /** The history as it was when the editor was opened. */
  readonly from: History;
  /** The picture is being made: nothing can be pressed but Cancel. */
  readonly busy: boolean;
  /** What the server does to the edge after all edits. */
  readonly edges: Settings["edges"];
  /** What the server did not accept, in words. */
  readonly problem: { readonly title: string; readonly hint: string } | null;
  /** Whether a reload loses nothing; null: not known yet. */
  readonly kept: Kept | null;
  /** The edits are to be made into the picture. */
  readonly onDone: () => void;
  /** The history is to be put back as it was when the editor was opened; the panel has asked. */
  readonly onCancel: () => void;
}

export interface KeyCursorProps {
  readonly editor: Editor;
  readonly stage: RefObject<StageHandle | null>;
  /** As the stage told it; null: not yet. */
  readonly view: View | null;
}
