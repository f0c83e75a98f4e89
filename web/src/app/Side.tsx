import type { ReactNode, RefObject } from "react";
import type { Kept } from "../keep";
import { en } from "../text/en";
import { CommandButton } from "./CommandButton";
import { compare, copy, edit, type PhotoContext } from "./commands";
import type { Work } from "./contract";
import { Download } from "./Download";
import { focusHeading } from "./focus";
import { looksForSubject, type Result } from "./state";
import { Unkept } from "./Unkept";

interface SideProps {
  readonly work: Work;
  readonly panel: ReactNode;
  readonly result: Result | null;
  readonly context: PhotoContext;
  readonly link: RefObject<HTMLAnchorElement | null>;
  readonly kept: Kept | null;
}

// What is pressed goes away.
function retry({ dispatch }: PhotoContext): void {
  dispatch({ type: "retry" });
  focusHeading();
}

/** What can be set, and the picture to be taken away. */
export function Side({ work, panel, result, context, link, kept }: SideProps) {
  const { state } = context;
  const size = result ?? work.matte;
  return (
    <>
      <section className="side-settings" aria-label={en.settings.title}>
        {panel}
      </section>
      <div className="take">
        <div className="take-row">
          <CommandButton command={edit} context={context} />
          <CommandButton command={compare} context={context} pressed={state.compare !== null} />
          <CommandButton command={copy} context={context} />
        </div>
        <Download
          ref={link}
          result={result}
          busy={state.rendering || looksForSubject(state)}
          onRetry={state.dismissed ? () => retry(context) : null}
        />
        <p className="take-size">
          {size ? <bdi>{en.result.size(size.width, size.height)}</bdi> : "\u00a0"}
          {result && (
            <>
              {" · "}
              <bdi>{en.units.bytes(result.blob.size)}</bdi>
            </>
          )}
        </p>
        <Unkept kept={kept} />
      </div>
    </>
  );
}
