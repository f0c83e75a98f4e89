import type { ReactNode } from "react";
import { Button } from "../controls/Button";
import { en } from "../text/en";
import "./header.css";

interface HeaderProps {
  readonly children?: ReactNode;
  /** null: this server asks for no key, or it is not known yet. */
  readonly signedIn: boolean | null;
  readonly onShortcuts: () => void;
  readonly onSignIn: () => void;
  readonly onSignOut: () => void;
}

/** The top of every screen: the name, what the screen puts there, and what is seldom wanted. */
export function Header({ children, signedIn, onShortcuts, onSignIn, onSignOut }: HeaderProps) {
  return (
    <header className="header">
      <p className="brand">{en.app.name}</p>
      <div className="header-middle">{children}</div>
      <Button bare look="quiet" icon="keyboard" onClick={onShortcuts}>
        {en.app.shortcuts}
      </Button>
      {signedIn !== null && (
        <Button look="quiet" onClick={signedIn ? onSignOut : onSignIn}>
          {signedIn ? en.session.signOut : en.session.signIn}
        </Button>
      )}
    </header>
  );
}
