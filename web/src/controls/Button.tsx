import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "../look/Icon";
import "./button.css";

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "children"> {
  readonly icon?: IconName;
  /** `primary`: the one thing to do next; `quiet`: without a border. */
  readonly look?: "plain" | "primary" | "quiet";
  /** The icon alone is shown; the words are its name. */
  readonly bare?: boolean;
  readonly children: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** Something to be pressed. */
export function Button({ icon, look = "plain", bare = false, children, type = "button", ...rest }: ButtonProps) {
  // No words that are unseen: they cost more than others where there are hundreds of buttons.
  const name = bare ? { "aria-label": children, title: children } : null;
  return (
    <button {...name} {...rest} type={type} className={`button button-${look}${bare ? " button-bare" : ""}`}>
      {icon && <Icon name={icon} />}
      {!bare && <span>{children}</span>}
    </button>
  );
}
