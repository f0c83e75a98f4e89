import { type PointerEvent, useRef } from "react";
import { Icon } from "../look/Icon";
import { after } from "./steps";
import "./compare.css";

interface CompareSliderProps {
  /** 0..1 of the width that it lies over. */
  readonly value: number;
  readonly label: string;
  readonly onChange: (value: number) => void;
}

/** A line across what it lies over, to be moved by hand or by keys. */
export function CompareSlider({ value, label, onChange }: CompareSliderProps) {
  const frame = useRef<HTMLDivElement>(null);
  const move = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    onChange(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  const percent = Math.round(value * 100);
  return (
    <div ref={frame} className="compare">
      <div className="compare-line" style={{ left: `${value * 100}%` }}>
        <div
          className="compare-handle"
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          aria-valuetext={`${percent}%`}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            event.currentTarget.focus();
            event.preventDefault();
          }}
          onPointerMove={move}
          onKeyDown={(event) => {
            const next = after(value, event.key, event.shiftKey);
            if (next === null) return;
            event.preventDefault();
            onChange(next);
          }}
        >
          <Icon name="compare" />
        </div>
      </div>
    </div>
  );
}
