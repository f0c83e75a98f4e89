import { type SubmitEvent, useEffect, useId, useRef, useState } from "react";
import { problemOf } from "../api/http";
import { signIn } from "../api/server";
import { type CommandGroup, shownKeys } from "../commands/command";
import { setSingleKeys, useSingleKeys, workingKeys } from "../commands/singleKeys";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { en } from "../text/en";
import "./dialogs.css";

interface ShortcutsProps {
  readonly groups: readonly CommandGroup[];
  readonly onClose: () => void;
}

/** All keys that work, as the commands say them, and whether single signs are among them. */
export function Shortcuts({ groups, onClose }: ShortcutsProps) {
  const mac = /Mac/.test(navigator.userAgent);
  const single = useSingleKeys();
  return (
    <Dialog title={en.app.shortcuts} onClose={onClose}>
      <label className="check">
        <input type="checkbox" checked={single} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
        <span>{en.app.singleKeys}</span>
      </label>
      <div className="shortcuts">
        {working(groups, single).map(({ label, commands }) => (
          <section key={label} aria-label={label}>
            <h3>{label}</h3>
            <dl>
              {commands.map(({ id, label: name, keys }) => (
                <div key={id}>
                  <dt>{name}</dt>
                  <dd dir="ltr">
                    {shownKeys(keys[0] ?? "", mac).map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** What can be done by keys, by the keys that work. */
const working = (groups: readonly CommandGroup[], single: boolean): readonly CommandGroup[] =>
  groups
    .map(({ label, commands }) => ({
      label,
      commands: commands
        .map((each) => ({ ...each, keys: workingKeys(each.keys, single) }))
        .filter(({ keys }) => keys.length > 0),
    }))
    .filter(({ commands }) => commands.length > 0);

/** Asks for the key of the server. `onDone`: somebody is signed in. */
export function SignIn({ onDone, onClose }: { readonly onDone: () => void; readonly onClose: () => void }) {
  const id = useId();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget).get("key");
    setBusy(true);
    setProblem(null);
    try {
      await signIn(String(key).trim());
      onDone();
    } catch (error) {
      const wrong = problemOf(error);
      setProblem(wrong.status === 401 ? en.session.wrong : `${wrong.message} ${wrong.hint}`);
      setBusy(false);
    }
  };
  return (
    <Dialog title={en.session.title} onClose={onClose}>
      <form className="sign-in" onSubmit={(event) => void submit(event)}>
        <p>{en.session.lead}</p>
        {/* Password managers ask for a name to keep the key by. */}
        <input type="text" name="username" autoComplete="username" value={en.app.name} readOnly hidden />
        <div className="field">
          <label htmlFor={id}>{en.session.key}</label>
          <input
            ref={input}
            id={id}
            name="key"
            className="input"
            type="password"
            autoComplete="current-password"
            spellCheck={false}
            required
            maxLength={512}
            aria-invalid={problem !== null}
            aria-describedby={problem ? `${id}-wrong` : undefined}
          />
          {problem && <Wrong id={`${id}-wrong`}>{problem}</Wrong>}
        </div>
        <div className="dialog-actions">
          <Button type="submit" look="primary" disabled={busy}>
            {en.session.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const Wrong = ({ id, children }: { readonly id: string; readonly children: string }) => (
  <p className="wrong" id={id} role="alert">
    {children}
  </p>
);

interface ReplaceProps {
  readonly name: string;
  readonly onReplace: () => void;
  readonly onClose: () => void;
}

/** Asks before something drawn by hand is lost. */
export function Replace({ name, onReplace, onClose }: ReplaceProps) {
  return (
    <Dialog title={en.app.replaceTitle} onClose={onClose}>
      <p>{en.app.replaceLead(name)}</p>
      <div className="dialog-actions">
        <Button onClick={onClose}>{en.app.stay}</Button>
        <Button look="primary" onClick={onReplace}>
          {en.app.replace}
        </Button>
      </div>
    </Dialog>
  );
}
