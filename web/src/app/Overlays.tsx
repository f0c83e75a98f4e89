import { useRef, useState } from "react";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { en } from "../text/en";
import type { PhotoContext } from "./commands";
import type { Matte } from "./contract";
import { focusHeading } from "./focus";
import { PhotoInput } from "./PhotoInput";
import { ProblemNotice } from "./ProblemNotice";
import { type Act, looksForSubject } from "./state";

const text = en.result;

/** From docs/confidence: below, a part is missing, or too much is there, more often than not. */
const UNSURE = 0.6;

/** What is said on the picture: how far the work is, what went wrong, and what to make of the result. */
export function Overlays({ context }: { readonly context: PhotoContext }) {
  const { state, leave: onLeave } = context;
  // What is pressed here goes away.
  const dispatch = (act: Act) => {
    context.dispatch(act);
    focusHeading();
  };
  const { problem, refused } = state;
  const input = useRef<HTMLInputElement>(null);
  const onAnother = () => input.current?.click();
  // While something is drawn, nothing lies on the picture but what keeps it from being drawn on.
  if (state.editing !== "off" && state.work?.matte) return null;
  return (
    <div className="overlays">
      {looksForSubject(state) && <Progress step={state.step} onCancel={() => dispatch({ type: "stopped" })} />}
      {state.stopped && (
        <Notice kind="warning" title={text.stopped} hint={text.stoppedHint}>
          <Button onClick={() => dispatch({ type: "retry" })}>{text.goOn}</Button>
          <Button onClick={onLeave}>{text.newPhoto}</Button>
        </Notice>
      )}
      {refused && (
        <ProblemNotice
          problem={refused}
          onSignIn={context.askForKey}
          onAnother={onAnother}
          onDismiss={() => dispatch({ type: "refused", problem: null })}
        />
      )}
      {problem && (
        <ProblemNotice
          problem={problem.problem}
          onRetry={() => dispatch({ type: "retry" })}
          onSignIn={context.askForKey}
          onAnother={problem.place === "matte" && !refused ? onAnother : undefined}
          onDismiss={problem.place === "picture" ? () => dispatch({ type: "dismissed" }) : undefined}
        />
      )}
      {!problem && !refused && <Advice state={state} dispatch={dispatch} />}
      <PhotoInput ref={input} onFiles={context.choose} />
    </div>
  );
}

function Progress({ step, onCancel }: { readonly step: string | null; readonly onCancel: () => void }) {
  const said = stepText(step);
  return (
    <div className="progress">
      <div className="progress-words">
        <p>{said}</p>
        <div className="progress-bar">
          <progress aria-label={text.progressTitle} />
        </div>
      </div>
      <Button onClick={onCancel}>{text.cancel}</Button>
    </div>
  );
}

/** A step in words. */
export const stepText = (step: string | null): string => text.steps[step ?? "send"] ?? text.stepOther;

/** "No subject", and a subject that the model was not sure of: said until something is drawn. */
function Advice({ state, dispatch }: Pick<PhotoContext, "state" | "dispatch">) {
  const { work } = state;
  const matte = work?.matte;
  const [dismissed, setDismissed] = useState<Matte | null>(null);
  if (!work || !matte || work.history.at > 0 || dismissed === matte) return null;
  if (matte.subject && matte.confidence >= UNSURE) return null;
  const best = work.settings.quality === "best";
  return (
    <Notice
      kind="warning"
      title={matte.subject ? text.unsure : text.noSubject}
      hint={matte.subject ? text.unsureHint : text.noSubjectHint}
      onDismiss={() => {
        setDismissed(matte);
        focusHeading();
      }}
    >
      {!best && (
        <Button onClick={() => dispatch({ type: "settings", settings: { ...work.settings, quality: "best" } })}>
          {text.tryBest}
        </Button>
      )}
      <Button onClick={() => dispatch({ type: "edit" })} disabled={state.shown.photo === null || !state.shown.matte}>
        {text.markIt}
      </Button>
    </Notice>
  );
}
