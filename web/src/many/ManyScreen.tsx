import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useDrop } from "../app/useDrop";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { en } from "../text/en";
import { Cards } from "./Cards";
import type { Batch, ManyProps } from "./contract";
import { ManyHeader } from "./ManyHeader";
import { ManyNotices } from "./ManyNotices";
import { addFiles, askOver, current, dispatch, forgetAll, setSettings, subscribe } from "./queue";
import "./many.css";

const text = en.many;

/** A queue of photos: each with its state, its settings, and what was made of it. */
export function ManyScreen(props: ManyProps) {
  const { settings, onSettings, panel, edited, onClose, onEdit, onSignIn } = props;
  const { batch, trouble, kept, over } = useSyncExternalStore(subscribe, current);
  const [asked, setAsked] = useState<
    { readonly kind: "all" | "over" } | { readonly kind: "one"; readonly id: string }
  >();
  useTheirs(settings, onSettings);
  useEdited(edited);
  const dropping = useDrop(asked ? null : (files) => addFiles(files), true);

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
  const left = batch.items.length === 0 && had.current;
  useEffect(() => {
    had.current ||= batch.items.length > 0;
    if (left) onClose();
  }, [batch.items.length, left, onClose]);

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

/** What is set for photos that were there already is what is set from now on. */
function useTheirs(settings: ManyProps["settings"], onSettings: ManyProps["onSettings"]): void {
  const first = useRef({ settings, onSettings });
  useEffect(() => {
    const { settings, onSettings } = first.current;
    if (current().batch.settings !== settings) onSettings(current().batch.settings);
  }, []);
}

let lastEdited: ManyProps["edited"] = null;

/** What comes back from being edited is taken once. */
function useEdited(edited: ManyProps["edited"]): void {
  useEffect(() => {
    if (!edited || edited === lastEdited) return;
    lastEdited = edited;
    dispatch({ type: "edited", item: edited });
  }, [edited]);
}
