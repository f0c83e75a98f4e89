import { useId } from "react";
import { Choice } from "../controls/Choice";
import { Slider } from "../controls/Slider";
import { Icon } from "../look/Icon";
import { en } from "../text/en";
import { TOOL_ICONS, toolCommands } from "./commands";
import type { Editor } from "./contract";
import { ariaKeys, tooltip } from "./keysOf";
import { actionOf, type Dial, dialsOf, shareOf, TOOL_NAMES, type Tools, valueAt } from "./tools";

interface Props {
  readonly editor: Editor;
}

/** The tools, of which one is in hand. */
export function ToolChoice({ editor }: Props) {
  const group = useId();
  const chosen = editor.state.tools.name;
  return (
    <fieldset className="tools">
      <legend className="unseen">{en.editor.toolsLabel}</legend>
      {TOOL_NAMES.map((name) => {
        const command = toolCommands[name];
        return (
          <label key={name} className="tool" title={tooltip(command)}>
            <input
              type="radio"
              name={group}
              value={name}
              checked={name === chosen}
              aria-keyshortcuts={ariaKeys(command)}
              onChange={() => command.perform(editor)}
            />
            <span className="tool-face">
              <Icon name={TOOL_ICONS[name]} />
              <span className="tool-name">{command.label}</span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

const ACTIONS = (["add", "remove"] as const).map((value) => ({ value, label: en.editor.actions[value] }));

/** Whether the lasso or the point keeps or removes; brushes are two tools. */
export function ActionChoice({ editor }: Props) {
  const { tools } = editor.state;
  const action = actionOf(tools);
  if (action === null || (tools.name !== "lasso" && tools.name !== "point")) return null;
  return (
    <Choice
      label={en.editor.actionLabel}
      value={action}
      options={ACTIONS}
      onChange={(value) => editor.onTools({ kind: "act", action: value })}
    />
  );
}

/** Sliders of the tool in hand. The first one stands alone where there is room for one only. */
export function Dials({ editor, from, to }: Props & { readonly from: number; readonly to?: number }) {
  const { tools } = editor.state;
  return dialsOf(tools.name)
    .slice(from, to)
    .map((dial) => (
      <Slider
        key={dial}
        label={en.editor[dial]}
        min={0}
        max={100}
        value={Math.round(shareOf(tools, dial) * 100)}
        said={said(tools, dial)}
        onChange={(value) => editor.onTools({ kind: "set", dial, value: valueAt(tools, dial, value / 100) })}
      />
    ));
}

const said = (tools: Tools, dial: Dial): string =>
  dial === "size" ? en.editor.px(tools.size) : en.editor.percent(tools[dial]);
