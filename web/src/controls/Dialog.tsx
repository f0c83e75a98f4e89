import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { en } from "../text/en";
import { Button } from "./Button";
import "./dialog.css";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A question or a list above everything else. The focus goes back by itself to where it was. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it leaves the page: one that has left gives no focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog anyway; this is for clicks beside it.
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={id}
      onClick={(event) => event.target === ref.current && onClose()}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-body">
        <div className="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button bare look="quiet" icon="close" onClick={onClose}>
            {en.app.close}
          </Button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
