import { useId } from "react";
import { en } from "../text/en";

const text = en.settings.provider;

interface ProviderKeyProps {
  readonly value: string;
  readonly onChange: (key: string) => void;
}

/** The key of the provider that a model runs at. It is kept in memory alone. */
export function ProviderKey({ value, onChange }: ProviderKeyProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{text.key}</label>
      <input
        id={id}
        className="input"
        type="password"
        autoComplete="off"
        spellCheck={false}
        defaultValue={value}
        aria-describedby={`${id}-hint`}
        // Not with each letter: the photo would be sent with half a key.
        onBlur={(event) => event.currentTarget.value !== value && onChange(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      <p className="hint" id={`${id}-hint`}>
        {text.hint}
      </p>
    </div>
  );
}
