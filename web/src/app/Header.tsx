import type { ReactNode } from "react";
import { Button } from "../controls/Button";
import { en } from "../text/en";
import "./header.css";

interface HeaderProps {
  readonly children?: ReactNode;
  readonly signedIn: boolean;
  readonly onShortcuts: () => void;
  readonly onSignOut: () => void;
}

/** The top of every screen: the name, what the screen puts there, and what is seldom wanted. */
export function Header({ children, signedIn, onShortcuts, onSignOut }: HeaderProps) {
  return (
    <header className="header">
      <p className="brand">{en.app.name}</p>
      <div className="header-middle">{children}</div>
      <Button bare look="quiet" icon="keyboard" onClick={onShortcuts}>
        {en.app.shortcuts}
      </Button>
      {signedIn && (
        <Button look="quiet" onClick={onSignOut}>
          {en.session.signOut}
        </Button>
      )}
    </header>
  );
}
