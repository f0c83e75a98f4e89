import type { Settings } from "../app/contract";
import { Choice } from "../controls/Choice";
import { en } from "../text/en";
import { DEFAULTS } from "./defaults";
import type { Meta, PanelProps } from "./feature";

const text = en.settings.quality;

export const meta: Meta<"quality"> = { id: "quality", label: text.label, default: DEFAULTS.quality, folded: false };

const OPTIONS = (["fast", "balanced", "best"] as const).map((value) => ({ value, label: text[value] }));

/** How much is done for the edges. */
export function Panel({ value, onChange }: PanelProps<Settings["quality"]>) {
  return (
    <>
      <Choice label={text.label} value={value} options={OPTIONS} onChange={onChange} />
      <p className="hint">{text.hint[value]}</p>
    </>
  );
}
