import type { ComponentType } from "react";
import type { Settings } from "../app/contract";
import { Icon } from "../look/Icon";
import type { PanelProps, SettingsContext } from "./feature";
import { type AnyFeature, FEATURES } from "./index";
import "./settings.css";

interface SettingsPanelProps {
  readonly settings: Settings;
  readonly onSettings: (next: Settings) => void;
  readonly context: SettingsContext;
}

/** The panels of all features. */
export function SettingsPanel(props: SettingsPanelProps) {
  return (
    <div className="settings">
      {FEATURES.map((feature) => (
        <FeatureView key={feature.meta.id} feature={feature} {...props} />
      ))}
    </div>
  );
}

function FeatureView({
  feature: { meta, Panel },
  settings,
  onSettings,
  context,
}: SettingsPanelProps & { readonly feature: AnyFeature }) {
  // Each panel takes the value of its own feature, which the list of all cannot say.
  const Own = Panel as ComponentType<PanelProps<unknown>>;
  const panel = (
    <div className="feature-body">
      <Own
        value={settings[meta.id]}
        onChange={(next) => onSettings({ ...settings, [meta.id]: next })}
        context={context}
      />
    </div>
  );
  return meta.folded ? (
    <details className="feature" data-feature={meta.id}>
      <summary>
        <h2>{meta.label}</h2>
        <Icon name="chevron" />
      </summary>
      {panel}
    </details>
  ) : (
    <section className="feature" data-feature={meta.id}>
      <h2>{meta.label}</h2>
      {panel}
    </section>
  );
}
