/** What the first screen does without, in one file that it does not wait for. */

export { ManyScreen } from "../many/ManyScreen";
export { SettingsPanel } from "../settings/SettingsPanel";
export { PhotoScreen } from "./PhotoScreen";
