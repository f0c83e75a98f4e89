import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { bound, type CommandGroup } from "../commands/command";
import { useKeys } from "../commands/useKeys";
import { Button } from "../controls/Button";
import { editorCommands, editorGroup } from "../editor/commands";
import { useEditor } from "../editor/useEditor";
import type { StageHandle } from "../stage/contract";
import { en } from "../text/en";
import { CommandButton } from "./CommandButton";
import { newPhoto, type PhotoContext, photoCommands } from "./commands";
import type { Work } from "./contract";
import { copyPicture } from "./Download";
import { EditorPanel } from "./EditorPanel";
import { Frame } from "./Frame";
import { stepText } from "./Overlays";
import { inWords, type Told } from "./ProblemNotice";
import { Side } from "./Side";
import { looksForSubject, type Result, type State } from "./state";
import type { Page } from "./usePage";
import "./photo.css";

interface PhotoScreenProps {
  readonly page: Page;
  readonly work: Work;
  /** The controls of settings. */
  readonly panel: ReactNode;
  readonly header: (children: ReactNode) => ReactNode;
  /** What the list of shortcuts shows while this screen is there. */
  readonly onGroups: (groups: readonly CommandGroup[]) => void;
}

const text = en.result;

// Where the photo's size is not known, the editor is not open either.
const NO_SIZE = { width: 1, height: 1 };

const GROUPS: readonly CommandGroup[] = [{ label: en.app.picture, commands: photoCommands }, editorGroup];

/** One photo: looked for its subject, shown, changed by hand and taken away. */
export function PhotoScreen({ page, work, panel, header, onGroups }: PhotoScreenProps) {
  const { state, dispatch } = page;
  const stage = useRef<StageHandle>(null);
  const link = useRef<HTMLAnchorElement>(null);
  const editor = useEditor({
    matteId: work.matte?.id ?? null,
    size: state.shown.photo ?? work.matte ?? NO_SIZE,
    history: work.history,
    onHistory: (history) => dispatch({ type: "history", history }),
    tools: work.tools,
    onTools: (tools) => dispatch({ type: "tools", tools }),
    stage,
    editing: state.editing === "on",
    onMatteGone: page.matteGone,
    onKeyNeeded: page.askForKey,
  });
  const editing = state.editing !== "off";
  const result = !editing && state.result?.key === page.wanted ? state.result : null;
  const [brief, copy] = useCopy(result);
  const context = contextOf(page, stage, result, copy, link);
  const general = bound(photoCommands, context);
  useKeys(state.editing === "on" ? [...bound(editorCommands, editor), ...general] : general);
  useFocusBack(editing);
  useGroups(onGroups);

  return (
    <>
      {header(<Title work={work} inQueue={state.item !== null} context={context} />)}
      <main className={`photo${editing ? " photo-editing" : ""}`} id="main" aria-label={work.photo.name}>
        <Frame work={work} stage={stage} editor={editor} context={context} />
        <div className="side">
          {editing ? (
            <EditorPanel
              editor={editor}
              from={work.editedFrom ?? work.history}
              edges={work.settings.edges}
              busy={state.editing === "closing"}
              problem={problemOf(state)}
              kept={page.kept}
              onDone={() => dispatch({ type: "edit done" })}
              onCancel={() => dispatch({ type: "edit cancelled" })}
            />
          ) : (
            <Side work={work} panel={panel} result={result} context={context} link={link} kept={page.kept} />
          )}
        </div>
        <p className="brief" role="status">
          {brief}
        </p>
        <p className="unseen" role="status">
          {told(state, result !== null)}
        </p>
      </main>
    </>
  );
}

/** What is told beside the tools: what has become of the edits. Anything else is told on the picture. */
function problemOf({ problem }: State): Told | null {
  return problem?.place === "picture" ? inWords(problem.problem) : null;
}

function contextOf(
  { state, dispatch, choose, leave, askForKey }: Page,
  stage: RefObject<StageHandle | null>,
  result: Result | null,
  copy: () => void,
  link: RefObject<HTMLAnchorElement | null>,
): PhotoContext {
  return {
    state,
    dispatch,
    stage,
    ready: result !== null,
    onStage: () => document.activeElement === document.body || !!document.activeElement?.closest(".frame, h1"),
    download: () => link.current?.click(),
    copy,
    choose,
    leave,
    askForKey,
  };
}

/** The focus goes back to what opened the editor. */
function useFocusBack(editing: boolean): void {
  const before = useRef(editing);
  useEffect(() => {
    if (before.current && !editing) document.querySelector<HTMLElement>("[data-command=edit]")?.focus();
    before.current = editing;
  }, [editing]);
}

function useGroups(onGroups: PhotoScreenProps["onGroups"]): void {
  useEffect(() => {
    onGroups(GROUPS);
    return () => onGroups([]);
  }, [onGroups]);
}

interface TitleProps {
  readonly work: Work;
  readonly inQueue: boolean;
  readonly context: PhotoContext;
}

function Title({ work, inQueue, context }: TitleProps) {
  return (
    <>
      <h1 className="file-name" tabIndex={-1} title={work.photo.name}>
        {work.photo.name}
      </h1>
      {inQueue ? (
        <Button icon="back" onClick={context.leave}>
          {text.backToAll}
        </Button>
      ) : (
        <CommandButton command={newPhoto} context={context} />
      )}
    </>
  );
}

// As long as it takes to read it twice.
const BRIEF_MS = 4000;

/** Copies the picture, and says for a while how that went. */
function useCopy(result: Result | null): readonly [string | null, () => void] {
  const [said, setSaid] = useState<{ readonly word: string } | null>(null);
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(null), BRIEF_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    if (!result) return;
    copyPicture(result.blob).then(
      () => setSaid({ word: text.copied }),
      () => setSaid({ word: text.copyFailed }),
    );
  };
  return [said?.word ?? null, copy];
}

/** What is said to those who do not see the picture. */
function told(state: State, ready: boolean): string {
  if (looksForSubject(state)) return stepText(state.step);
  if (state.rendering) return text.updating;
  return ready ? text.done : "";
}
