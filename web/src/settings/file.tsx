import type { Settings } from "../app/contract";
import { Select } from "../controls/Select";
import { Slider } from "../controls/Slider";
import { en } from "../text/en";
import { DEFAULTS } from "./defaults";
import type { Meta, PanelProps } from "./feature";
import { LOSSY } from "./fields";

const text = en.settings.file;

export const meta: Meta<"file"> = { id: "file", label: text.label, default: DEFAULTS.file, folded: true };

type File = Settings["file"];

const FORMATS: readonly File["format"][] = ["png", "webp", "avif", "jpg", "tiff", "zip"];
const SIDES = [4000, 2000, 1000, 500];

/** What the server takes where nothing is said. */
const ENCODE_QUALITY = 90;

/** What the file is like that is downloaded. */
export function Panel({ value, onChange, context }: PanelProps<File>) {
  const { format, maxSize, encodeQuality } = value;
  const offered = context.server?.formats;
  const side = maxSize?.width ?? null;
  const sides = side === null || SIDES.includes(side) ? SIDES : [side, ...SIDES];
  return (
    <>
      <Select
        label={text.format}
        value={format}
        onChange={(next) => onChange({ ...value, format: next as File["format"] })}
      >
        {FORMATS.filter((each) => !offered || offered.includes(each)).map((each) => (
          <option key={each} value={each}>
            {text.formats[each]}
          </option>
        ))}
      </Select>
      {format === "jpg" && <p className="hint">{text.jpgHint}</p>}
      <Select
        label={text.size}
        value={side === null ? "" : String(side)}
        onChange={(next) =>
          onChange({ ...value, maxSize: next === "" ? null : { width: Number(next), height: Number(next) } })
        }
      >
        <option value="">{text.asPhoto}</option>
        {sides.map((each) => (
          <option key={each} value={each}>
            {text.atMost(each)}
          </option>
        ))}
      </Select>
      {LOSSY.includes(format) && (
        <Slider
          label={text.encodeQuality}
          value={encodeQuality ?? ENCODE_QUALITY}
          min={1}
          max={100}
          said={String(encodeQuality ?? ENCODE_QUALITY)}
          onChange={(next) => onChange({ ...value, encodeQuality: next })}
        />
      )}
    </>
  );
}
