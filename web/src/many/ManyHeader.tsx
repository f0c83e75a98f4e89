import { useEffect, useMemo, useRef, useState } from "react";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { Icon } from "../look/Icon";
import { en } from "../text/en";
import { beside, NotMade } from "./beside";
import type { Batch } from "./contract";
import { save, takeAll } from "./download";
import { addFiles, cancelAll } from "./queue";
import { type Count, count } from "./state";

interface HeaderProps {
  readonly batch: Batch;
  readonly onSettings: () => void;
  /** All is to be forgotten. */
  readonly onOver: () => void;
}

const text = en.many;

/** How far it is, and what can be done with all photos. */
export function ManyHeader({ batch, onSettings, onOver }: HeaderProps) {
  const counted = count(batch);
  const input = useRef<HTMLInputElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  // Another screen: what is read next is what it is about. A photo that comes back takes the focus afterwards.
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const begun = batch.items.some((item) => item.result !== null);
  return (
    <div className="many-head">
      <div className="many-far">
        <h1 ref={title} tabIndex={-1}>
          {text.title(counted.all)}
        </h1>
        <Progress counted={counted} />
      </div>
      <div className="many-actions">
        <DownloadAll batch={batch} isDone={counted.underWay === 0} begun={begun} />
        <Button icon="settings" onClick={onSettings}>
          {text.settings}
        </Button>
        <Button icon="add" onClick={() => input.current?.click()}>
          {text.add}
        </Button>
        <input
          ref={input}
          type="file"
          accept="image/*"
          multiple
          hidden
          onChange={({ currentTarget }) => {
            addFiles(Array.from(currentTarget.files ?? []));
            currentTarget.value = "";
          }}
        />
        {counted.underWay > 0 && (
          <Button icon="close" onClick={cancelAll}>
            {text.cancel}
          </Button>
        )}
        <Button look="quiet" icon="trash" onClick={onOver}>
          {text.startOver}
        </Button>
      </div>
    </div>
  );
}

function Progress({ counted }: { readonly counted: Count }) {
  const { all, done, failed, cancelled, underWay } = counted;
  const words = [
    text.progress(done, all),
    failed > 0 ? text.failed(failed) : "",
    cancelled > 0 ? text.cancelled(cancelled) : "",
  ];
  const line = words.filter(Boolean).join(" · ");
  const said = useSeldom(underWay === 0 ? `${line}. ${text.finished}` : line, underWay === 0);
  return (
    <>
      <p className="many-line" aria-hidden="true">
        {line}
      </p>
      <progress className="many-bar" value={all - underWay} max={Math.max(1, all)} aria-label={line} />
      <p className="unseen" role="status">
        {said}
      </p>
    </>
  );
}

const SELDOM_MS = 5_000;

/** Words that follow others at most every few seconds, so that a screen reader comes to its end. */
function useSeldom(words: string, atOnce: boolean): string {
  const [said, setSaid] = useState("");
  const last = useRef(0);
  useEffect(() => {
    const pause = atOnce ? 0 : Math.max(0, last.current + SELDOM_MS - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSaid(words);
    }, pause);
    return () => clearTimeout(timer);
  }, [words, atOnce]);
  return said;
}

interface DownloadProps {
  readonly batch: Batch;
  /** Nothing more will come by itself. */
  readonly isDone: boolean;
  /** There is something to be taken. */
  readonly begun: boolean;
}

type Packing = { readonly done: number; readonly all: number } | "gone" | "offline" | "tooLong" | null;

/** All results as one archive: the server's where that is all, else one that is made here. */
function DownloadAll({ batch, isDone, begun }: DownloadProps) {
  const [packing, setPacking] = useState<Packing>(null);
  const take = useMemo(() => takeAll(batch), [batch]);
  const words = isDone ? text.downloadAll : text.downloadDone(take.files.length);
  if (!begun) {
    return (
      <Button look="primary" icon="download" disabled>
        {text.downloadAll}
      </Button>
    );
  }
  if (take.whole) {
    return (
      <a className="button button-primary" href={take.whole} download={text.archive}>
        <Icon name="download" />
        <span>{words}</span>
      </a>
    );
  }
  const isPacking = typeof packing === "object" && packing !== null;
  const pack = async () => {
    const all = take.files.length;
    setPacking({ done: 0, all });
    try {
      save(await beside({ kind: "zip", files: take.files }, (done) => setPacking({ done, all })), text.archive);
      setPacking(null);
    } catch (error) {
      setPacking(failureOf(error));
    }
  };
  return (
    <>
      <Button look="primary" icon="download" disabled={isPacking} onClick={pack}>
        {isPacking ? text.packing(packing.done, packing.all) : words}
      </Button>
      {typeof packing === "string" && (
        <Notice kind="problem" title={text.packFailed[packing]} hint={text.packFailed[`${packing}Hint`]} />
      )}
    </>
  );
}

function failureOf(error: unknown): "gone" | "offline" | "tooLong" {
  const code = error instanceof NotMade ? error.code : "offline";
  return code === "gone" ? "gone" : code === "too_long" ? "tooLong" : "offline";
}
