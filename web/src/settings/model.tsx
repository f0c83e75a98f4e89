import type { ModelInfo } from "../api/server";
import type { Settings } from "../app/contract";
import { Select } from "../controls/Select";
import { en } from "../text/en";
import { DEFAULTS } from "./defaults";
import type { Meta, PanelProps } from "./feature";
import { ProviderKey } from "./provider";

const text = en.settings.model;

export const meta: Meta<"model"> = { id: "model", label: text.label, default: DEFAULTS.model, folded: true };

/** The server chooses: of what is installed, the best. */
const AUTO = "auto";

/** Which model looks for the subject. */
export function Panel({ value, onChange, context }: PanelProps<Settings["model"]>) {
  const models = context.models ?? [];
  const byDefault = models.find((model) => model.default);
  const chosen = value === null ? byDefault : models.find((model) => model.name === value);
  const usable = models.filter((model) => model.state === "installed");
  const others = models.filter((model) => model.state !== "installed");
  return (
    <>
      <Select label={text.label} hideLabel value={value ?? ""} onChange={(next) => onChange(next === "" ? null : next)}>
        <option value="">{byDefault ? text.byDefault(byDefault.name) : text.serverDefault}</option>
        <option value={AUTO}>{text.auto}</option>
        {value !== null && value !== AUTO && !usable.some(({ name }) => name === value) && (
          <option value={value}>{value}</option>
        )}
        {usable.map((model) => (
          <option key={model.name} value={model.name}>
            {model.cloud ? `${model.name} (${text.cloud})` : model.name}
          </option>
        ))}
      </Select>
      {context.modelsFailed && <p className="warning">{text.notLoaded}</p>}
      {chosen && <Facts model={chosen} />}
      {chosen?.cloud && <ProviderKey value={context.providerKey} onChange={context.onProviderKey} />}
      {others.length > 0 && <Others models={others} />}
    </>
  );
}

function Facts({ model }: { readonly model: ModelInfo }) {
  return (
    <div className="model-facts">
      <p className="hint">{model.summary}</p>
      <p className="hint">
        {text.licence}:{" "}
        <a href={model.licence.url} target="_blank" rel="noreferrer">
          {model.licence.name}
        </a>
      </p>
      {!model.licence.commercial && <p className="warning">{text.noCommercial}</p>}
      {model.state !== "installed" && <p className="warning">{told(model)}</p>}
    </div>
  );
}

function Others({ models }: { readonly models: readonly ModelInfo[] }) {
  return (
    <details className="model-others">
      <summary>{text.others}</summary>
      <p className="hint">{text.howTo}</p>
      <dl>
        {models.map((model) => (
          <div key={model.name}>
            <dt>{model.name}</dt>
            <dd>
              {model.summary} {model.licence.name}
              {model.licence.commercial ? "." : `. ${text.noCommercial}`}
              {model.needs && (
                <>
                  {" "}
                  <code>{model.needs}</code>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const told = (model: ModelInfo): string =>
  [text.state[model.state] ?? model.state, model.needs].filter(Boolean).join(": ");
