/** A feature: what can be set about one part of a picture, and the panel that sets it. */

import type { ComponentType } from "react";
import type { ModelInfo, ServerInfo } from "../api/server";
import type { Settings } from "../app/contract";

/** What panels know beside their own value. */
export interface SettingsContext {
  readonly server: ServerInfo | null;
  /** null: not loaded yet. */
  readonly models: readonly ModelInfo[] | null;
  readonly modelsFailed: boolean;
  readonly providerKey: string;
  readonly onProviderKey: (key: string) => void;
  /** null: not known, or one of many. */
  readonly photo: { readonly width: number; readonly height: number } | null;
}

export interface Meta<K extends keyof Settings> {
  readonly id: K;
  readonly label: string;
  readonly default: Settings[K];
  /** Shown when it is asked for. */
  readonly folded: boolean;
}

export interface PanelProps<T> {
  readonly value: T;
  readonly onChange: (next: T) => void;
  readonly context: SettingsContext;
}

export interface Feature<K extends keyof Settings> {
  readonly meta: Meta<K>;
  readonly Panel: ComponentType<PanelProps<Settings[K]>>;
}
