import { type RefObject, useMemo, useState } from "react";
import { Problem } from "../api/http";
import { CompareSlider } from "../compare/CompareSlider";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import type { Editor } from "../editor/contract";
import { KeyCursorView } from "../editor/KeyCursorView";
import type { Behind, Sheets, StageHandle, View } from "../stage/contract";
import { StageView } from "../stage/StageView";
import { en } from "../text/en";
import { CommandButton } from "./CommandButton";
import { type PhotoContext, views } from "./commands";
import type { Work } from "./contract";
import { Overlays } from "./Overlays";
import type { Shown } from "./state";

const text = en.result;

interface FrameProps {
  readonly work: Work;
  readonly stage: RefObject<StageHandle | null>;
  readonly editor: Editor;
  readonly context: PhotoContext;
}

/** The picture, and all that lies on it. */
export function Frame({ work, stage, editor, context }: FrameProps) {
  const { state, dispatch } = context;
  const [view, setView] = useState<View | null>(null);
  // Whatever is tried again, this is tried again as well.
  const [brokenAt, setBrokenAt] = useState<number | null>(null);
  const sheets = useSheets(work, state.shown);
  const behind = behindOf(work);
  return (
    <div className="frame">
      {brokenAt === state.attempt ? (
        <div className="opening">{!state.problem && <NotLoaded />}</div>
      ) : sheets ? (
        <StageView
          ref={stage}
          sheets={sheets}
          scene={
            state.editing === "off" ? { mode: "result", behind, compare: comparedOf(context) } : editor.scene(behind)
          }
          label={text.stage(work.photo.name)}
          onView={setView}
          onEdit={editor.onEdit}
          onReached={editor.onReached}
          onProblem={({ code }) => {
            if (code === "not_loaded") setBrokenAt(state.attempt);
            else dispatch({ type: "not shown", problem: notShown(code) });
          }}
        />
      ) : (
        <p className="opening">{!state.problem && (state.foreign ? text.noPreview : text.opening)}</p>
      )}
      {state.editing === "on" && <KeyCursorView editor={editor} view={view} stage={stage} />}
      {state.editing === "off" && state.compare !== null && (
        <CompareSlider
          value={state.compare}
          label={text.compareLabel}
          onChange={(at) => dispatch({ type: "compare", at })}
        />
      )}
      <Overlays context={context} />
      <fieldset className="view-tools">
        <legend className="unseen">{text.tools}</legend>
        {views.map((command) => (
          <CommandButton key={command.id} command={command} context={context} bare />
        ))}
      </fieldset>
    </div>
  );
}

const notShown = (code: string): Problem => new Problem(code, en.problems.notShown, en.problems.notShownHint);

/** What draws has not come. A reload helps also where the server has another page by now. */
function NotLoaded() {
  return (
    <Notice kind="problem" title={en.app.missing} hint={en.problems.notLoadedHint}>
      <Button onClick={() => location.reload()}>{en.problems.reload}</Button>
    </Notice>
  );
}

/** Where nothing was found, an empty picture says less than the photo. */
function comparedOf({ state }: PhotoContext): number | null {
  const { matte, history } = state.work ?? {};
  return state.compare ?? (matte?.subject === false && history?.at === 0 ? 1 : null);
}

function useSheets(work: Work, { photo, matte, cutout }: Shown): Sheets | null {
  const { id, file } = work.photo;
  const blob = cutout?.blob ?? null;
  return useMemo(
    () =>
      photo && {
        // A photo that the server made readable is another one to the stage.
        key: photo.blob === file ? id : `${id} readable`,
        width: photo.width,
        height: photo.height,
        photo: photo.blob,
        matte,
        cutout: blob,
      },
    [photo, matte, blob, id, file],
  );
}

/** What is to be seen behind the subject. JPEG has no transparency: the server writes white. */
function behindOf({ settings }: Work): Behind {
  const { behind, file } = settings;
  return file.format === "jpg" && behind.kind === "checkerboard" ? { kind: "colour", colour: "#ffffff" } : behind;
}
