/** How controls tell which keys do the same. */

import { type Command, shownKeys } from "../commands/command";

type Keyed = Pick<Command<never>, "label" | "keys">;

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** "Undo (Ctrl+Z)". */
export function tooltip({ label, keys }: Keyed, mac = MAC): string {
  const [first] = keys;
  return first === undefined ? label : `${label} (${shownKeys(first, mac).join(mac ? "" : "+")})`;
}

/** For `aria-keyshortcuts`; undefined: there is none. */
export function ariaKeys({ keys }: Keyed, mac = MAC): string | undefined {
  if (keys.length === 0) return undefined;
  return keys.map((each) => each.replace("Mod", mac ? "Meta" : "Control")).join(" ");
}
