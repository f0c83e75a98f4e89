import { useId } from "react";
import "./field.css";

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value in words, for the eye and for screen readers. */
  readonly said: string;
  readonly hint?: string;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}

/** A number on a line. */
export function Slider({ label, value, min, max, step = 1, said, hint, disabled, onChange }: SliderProps) {
  const id = useId();
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor={id}>{label}</label>
        <span className="field-value" aria-hidden="true">
          {said}
        </span>
      </div>
      <input
        id={id}
        className="slider"
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={said}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
