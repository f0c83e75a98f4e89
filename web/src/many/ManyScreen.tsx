import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useDrop } from "../app/useDrop";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { en } from "../text/en";
import { Cards } from "./Cards";
import type { Batch, ManyProps } from "./contract";
import { ManyHeader } from "./ManyHeader";
import { ManyNotices } from "./ManyNotices";
import { addFiles, askOver, current, dispatch, forgetAll, openQueue, setSettings, subscribe } from "./queue";
import "./many.css";

const text = en.many;

/** A queue of photos: each with its state, its settings, and what was made of it. */
export function ManyScreen(props: ManyProps) {
  const { files, settings, onSettings, panel, edited, onClose, onEdit, onSignIn } = props;
  const { batch, trouble, kept, over } = useSyncExternalStore(subscribe, current);
  const [asked, setAsked] = useState<
    { readonly kind: "all" | "over" } | { readonly kind: "one"; readonly id: string }
  >();
  const isOpen = useOpened(files, settings, onSettings);
  useEdited(edited, isOpen);
  const dropping = useDrop(isOpen && !asked ? addFiles : null, true);

  const now = useRef({ batch, onEdit });
  useEffect(() => {
    now.current = { batch, onEdit };
  });
  const edit = useCallback((id: string) => {
    const { batch, onEdit } = now.current;
    const item = batch.items.find((each) => each.id === id);
    if (item) onEdit({ id, photo: item.photo, settings: item.own ?? batch.settings, history: item.history });
  }, []);
  const askOne = useCallback((id: string) => setAsked({ kind: "one", id }), []);

  // The last one was removed.
  const had = useRef(false);
  const left = isOpen && batch.items.length === 0 && had.current;
  useEffect(() => {
    had.current ||= batch.items.length > 0;
    if (left) onClose();
  }, [batch.items.length, left, onClose]);

  if (!isOpen) return <p className="many-opening">{text.stillEmpty}</p>;
  const close = () => {
    setAsked(undefined);
    askOver(null);
  };
  const end = () => {
    close();
    if (over) return over();
    void forgetAll();
    onClose();
  };
  const change = (next: typeof settings) => {
    setSettings(next);
    onSettings(next);
  };
  return (
    <div className="many">
      <ManyHeader
        batch={batch}
        onSettings={() => setAsked({ kind: "all" })}
        onOver={() => setAsked({ kind: "over" })}
      />
      <ManyNotices batch={batch} trouble={trouble} kept={kept} onSignIn={onSignIn} />
      <Cards batch={batch} halted={trouble !== null} first={edited?.id ?? null} onEdit={edit} onSettings={askOne} />
      {dropping && (
        <div className="dropping" aria-hidden="true">
          <p>{en.start.drop}</p>
        </div>
      )}
      {asked?.kind === "all" && (
        <Dialog title={text.settings} onClose={close}>
          <p className="many-lead">{text.settingsLead}</p>
          {panel(batch.settings, change)}
        </Dialog>
      )}
      {asked?.kind === "one" && <OneSettings id={asked.id} batch={batch} panel={panel} onClose={close} />}
      {(asked?.kind === "over" || over) && (
        <Dialog title={text.startOverTitle} onClose={close}>
          <p>{text.startOverLead(batch.items.length)}</p>
          <div className="dialog-actions">
            <Button onClick={close}>{text.keepThem}</Button>
            <Button look="primary" onClick={end}>
              {text.deleteThem}
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

interface OneProps {
  readonly id: string;
  readonly batch: Batch;
  readonly panel: ManyProps["panel"];
  readonly onClose: () => void;
}

/** The settings of one photo. */
function OneSettings({ id, batch, panel, onClose }: OneProps) {
  const item = batch.items.find((each) => each.id === id);
  if (!item) return null;
  return (
    <Dialog title={text.settingsOf(item.photo.name)} onClose={onClose}>
      <div className="many-own">
        <p className="many-lead">{item.own ? text.ownNow : text.asAllNow}</p>
        {item.own && <Button onClick={() => dispatch({ type: "own", id, settings: null })}>{text.asAll}</Button>}
      </div>
      {panel(item.own ?? batch.settings, (settings) => dispatch({ type: "own", id, settings }))}
    </Dialog>
  );
}

// Each choice of files is added once, however often the screen comes and goes.
const added = new WeakSet<readonly File[]>();

/** Opens the queue as it was kept, and adds what was chosen; whether that has been done. */
function useOpened(
  files: readonly File[] | null,
  settings: ManyProps["settings"],
  onSettings: ManyProps["onSettings"],
): boolean {
  const [opened, setOpened] = useState(current().batch.items.length > 0);
  const first = useRef({ settings, onSettings });
  useEffect(() => {
    let stopped = false;
    void openQueue().then((isKept) => {
      if (stopped) return;
      // The settings of photos that are there already stay theirs.
      if (!isKept) setSettings(first.current.settings);
      else if (current().batch.settings !== first.current.settings) first.current.onSettings(current().batch.settings);
      if (files && !added.has(files)) {
        added.add(files);
        addFiles(files);
      }
      setOpened(true);
    });
    return () => {
      stopped = true;
    };
  }, [files]);
  return opened;
}

let lastEdited: ManyProps["edited"] = null;

/** What comes back from being edited is taken once. */
function useEdited(edited: ManyProps["edited"], isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen || !edited || edited === lastEdited) return;
    lastEdited = edited;
    dispatch({ type: "edited", item: edited });
  }, [edited, isOpen]);
}
