import type { Settings } from "../app/contract";
import { Button } from "../controls/Button";
import { Slider } from "../controls/Slider";
import { en } from "../text/en";
import { DEFAULTS } from "./defaults";
import type { Meta, PanelProps } from "./feature";

const text = en.settings.edges;

export const meta: Meta<"edges"> = { id: "edges", label: text.label, default: DEFAULTS.edges, folded: true };

type Edges = Settings["edges"];

/** How soft the edge is, where it runs, and how much what is translucent lets through. */
export function Panel({ value, onChange }: PanelProps<Edges>) {
  const { feather, edgeShift, translucency } = value;
  const changed = feather !== 0 || edgeShift !== 0 || translucency !== meta.default.translucency;
  return (
    <>
      <Slider
        label={text.feather}
        value={feather}
        min={0}
        max={Math.max(20, feather)}
        step={0.5}
        said={text.px(feather)}
        onChange={(next) => onChange({ ...value, feather: next })}
      />
      <Slider
        label={text.edgeShift}
        value={edgeShift}
        min={Math.min(-20, edgeShift)}
        max={Math.max(20, edgeShift)}
        step={0.5}
        said={text.px(edgeShift)}
        onChange={(next) => onChange({ ...value, edgeShift: next })}
      />
      <Slider
        label={text.translucency}
        value={translucency}
        min={0}
        max={100}
        said={text.percent(translucency)}
        hint={text.translucencyHint}
        onChange={(next) => onChange({ ...value, translucency: next })}
      />
      {changed && (
        <div>
          <Button icon="reset" look="quiet" onClick={() => onChange(meta.default)}>
            {text.reset}
          </Button>
        </div>
      )}
    </>
  );
}
