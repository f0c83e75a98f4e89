import type { ReactNode } from "react";
import { Button } from "../controls/Button";
import { Icon } from "../look/Icon";
import { DEFAULTS } from "../settings/defaults";
import { en } from "../text/en";
import type { Editor, EditorPanelProps } from "./contract";
import { LIMITS, type Limit } from "./wire";

interface Props {
  readonly editor: Editor;
  /** The picture is being made. */
  readonly busy: boolean;
  /** What the server did not accept. */
  readonly problem: EditorPanelProps["problem"];
  /** How much of one of the server's limits is used. */
  readonly share: number;
  readonly limit: Limit;
}

// From here on there is time to end what one is about.
const NEARLY = 0.9;

/** What is to be said while editing: what is under way, what went wrong, and what will soon. */
export function EditorNotes({ editor, busy, problem, share, limit }: Props) {
  const { growing, growProblem, edits } = editor;
  return (
    <div className="editor-notes">
      <div role="status">
        {(busy || growing) && <p className="hint">{busy ? en.result.updating : en.editor.growing}</p>}
      </div>
      <div role="alert">
        {problem !== null && <Note message={problem.title} hint={problem.hint} />}
        {growProblem && (
          <Note message={growProblem.message} hint={growProblem.hint}>
            {growProblem.retry && (
              <Button look="quiet" onClick={editor.retryGrow}>
                {en.problems.retry}
              </Button>
            )}
            <Button look="quiet" onClick={editor.dismissGrow}>
              {en.problems.dismiss}
            </Button>
          </Note>
        )}
        {share > 1 && <Note message={en.editor.full} hint={en.editor.fullHint} />}
      </div>
      <div role="status">
        {share >= NEARLY && share <= 1 && (
          <Note message={nearly(limit, edits.length)} hint={en.editor.nearlyFullHint} />
        )}
      </div>
    </div>
  );
}

/** The stage shows the matte as it is edited. Where the server changes its edge after that, it is said. */
export function EdgesLater({ edges }: Pick<EditorPanelProps, "edges">) {
  const text = en.settings.edges;
  const set = [
    ...(edges.feather === 0 ? [] : [`${text.feather} ${text.px(edges.feather)}`]),
    ...(edges.edgeShift === 0 ? [] : [`${text.edgeShift} ${text.px(edges.edgeShift)}`]),
    ...(edges.translucency === DEFAULTS.edges.translucency
      ? []
      : [`${text.translucency} ${text.percent(edges.translucency)}`]),
  ];
  return set.length > 0 && <p className="hint editor-edges">{en.editor.edgesLater(set)}</p>;
}

function nearly(limit: Limit, strokes: number): string {
  const words = en.editor.nearlyFull;
  return limit === "strokes" ? words.strokes(LIMITS.strokes - strokes) : words[limit];
}

interface NoteProps {
  readonly message: string;
  readonly hint?: string;
  readonly children?: ReactNode;
}

function Note({ message, hint, children }: NoteProps) {
  return (
    <div className="editor-note">
      <Icon name="alert" />
      <p>
        <strong>{message}</strong> {hint}
      </p>
      {children && <div className="editor-note-do">{children}</div>}
    </div>
  );
}
