import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Icon, type IconName } from "../look/Icon";
import "./button.css";

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "children"> {
  readonly icon?: IconName;
  /** `primary`: the one thing to do next; `quiet`: without a border. */
  readonly look?: "plain" | "primary" | "quiet";
  /** The icon alone is shown; the words are its name. */
  readonly bare?: boolean;
  readonly children: ReactNode;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** Something to be pressed. */
export function Button({ icon, look = "plain", bare = false, children, type = "button", ...rest }: ButtonProps) {
  const hint = bare && typeof children === "string" ? children : undefined;
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${look}${bare ? " button-bare" : ""}`}
      title={rest.title ?? hint}
    >
      {icon && <Icon name={icon} />}
      <span className={bare ? "unseen" : undefined}>{children}</span>
    </button>
  );
}
