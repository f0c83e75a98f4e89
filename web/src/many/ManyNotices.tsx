import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import type { Kept } from "../keep";
import { en } from "../text/en";
import type { Batch } from "./contract";
import { dispatch, retryNow } from "./queue";
import { isStale } from "./recipe";
import type { Trouble } from "./runner";
import { isUnderWay } from "./state";
import { canRetry } from "./words";

interface NoticesProps {
  readonly batch: Batch;
  readonly trouble: Trouble | null;
  readonly kept: Kept | null;
  readonly onSignIn: (() => void) | undefined;
}

const text = en.many;

/** What concerns more than one photo, and what helps. */
export function ManyNotices({ batch, trouble, kept, onSignIn }: NoticesProps) {
  const failed = batch.items.filter(canRetry);
  const stale = batch.items.filter((item) => item.state.kind === "done" && isStale(item, batch));
  const again = (ids: readonly { readonly id: string }[]) => dispatch({ type: "again", ids: ids.map(({ id }) => id) });
  return (
    <div className="many-notices">
      {trouble && <TroubleNotice trouble={trouble} onSignIn={onSignIn} />}
      {(kept === "refused" || kept === "full") && <p className="many-lead">{en.keep[kept]}</p>}
      {stale.length > 0 && (
        <div className="many-offer">
          <p>{text.stale(stale.length)}</p>
          <Button icon="reset" onClick={() => again(stale)}>
            {text.makeAgain}
          </Button>
        </div>
      )}
      {failed.length > 0 && !batch.items.some(isUnderWay) && (
        <div className="many-offer">
          <p>{text.notMade(failed.length)}</p>
          <Button icon="reset" onClick={() => again(failed)}>
            {text.retry(failed.length)}
          </Button>
        </div>
      )}
    </div>
  );
}

function TroubleNotice({
  trouble,
  onSignIn,
}: {
  readonly trouble: Trouble;
  readonly onSignIn: (() => void) | undefined;
}) {
  const { problem, until, signIn } = trouble;
  const { nothingKept, nothingKeptHint } = en.problems;
  const [title, hint] =
    problem.code === "nothing_kept" ? [nothingKept, nothingKeptHint] : [problem.error, problem.hint];
  return (
    <Notice kind="problem" title={title} hint={until === null ? hint : `${hint} ${text.goesOn}`}>
      {signIn && onSignIn && <Button onClick={onSignIn}>{en.problems.signIn}</Button>}
      <Button icon="reset" onClick={retryNow}>
        {en.problems.retry}
      </Button>
    </Notice>
  );
}
