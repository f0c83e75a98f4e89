import type { ReactNode } from "react";
import { Icon } from "../look/Icon";
import { en } from "../text/en";
import { Button } from "./Button";
import "./notice.css";

interface NoticeProps {
  readonly kind: "problem" | "warning";
  readonly title: string;
  readonly hint: string;
  readonly onDismiss?: (() => void) | undefined;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** Something that has to be said where it arose, with what helps. */
export function Notice({ kind, title, hint, onDismiss, children }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "problem" ? "alert" : "status"}>
      <Icon name="alert" />
      <div className="notice-words">
        <p className="notice-title">{title}</p>
        {hint && <p>{hint}</p>}
        {children && <div className="notice-actions">{children}</div>}
      </div>
      {onDismiss && (
        <Button bare look="quiet" icon="close" onClick={onDismiss}>
          {en.problems.dismiss}
        </Button>
      )}
    </div>
  );
}
