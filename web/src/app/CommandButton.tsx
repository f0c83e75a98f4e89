import type { Command } from "../commands/command";
import { Button } from "../controls/Button";
import type { PhotoContext } from "./commands";

interface CommandButtonProps {
  readonly command: Command<PhotoContext>;
  readonly context: PhotoContext;
  /** Its icon alone is shown, without a border. */
  readonly bare?: boolean;
  /** For what is on or off. */
  readonly pressed?: boolean;
}

/** A command to be pressed. */
export function CommandButton({ command, context, bare = false, pressed }: CommandButtonProps) {
  return (
    <Button
      bare={bare && command.icon !== undefined}
      look={bare ? "quiet" : "plain"}
      {...(command.icon && { icon: command.icon })}
      disabled={!command.enabled(context)}
      data-command={command.id}
      aria-pressed={pressed}
      aria-keyshortcuts={command.keys[0]?.replace("Mod", "Control")}
      onClick={() => command.perform(context)}
    >
      {command.label}
    </Button>
  );
}
