import { useRef, useState } from "react";
import { copied } from "../app/choosing";
import { Button } from "../controls/Button";
import { Choice } from "../controls/Choice";
import { Slider } from "../controls/Slider";
import { useObjectUrl } from "../controls/useObjectUrl";
import { Icon } from "../look/Icon";
import type { Behind } from "../stage/contract";
import { en } from "../text/en";
import { DEFAULTS } from "./defaults";
import type { Meta, PanelProps } from "./feature";

const text = en.settings.background;

export const meta: Meta<"behind"> = { id: "behind", label: text.label, default: DEFAULTS.behind, folded: false };

const KINDS = (["checkerboard", "colour", "image", "blur"] as const).map((value) => ({
  value,
  label: text.kinds[value],
}));

/** What stands behind the subject. */
export function Panel({ value, onChange, context }: PanelProps<Behind>) {
  // A picture has to be chosen first, until when the background stays what it is.
  const [wantsImage, setWantsImage] = useState(false);
  const kind = wantsImage ? "image" : value.kind;
  const largest = context.photo ? Math.max(context.photo.width, context.photo.height) : 2000;

  const choose = (next: Behind["kind"]) => {
    setWantsImage(next === "image" && value.kind !== "image");
    if (next === "checkerboard") onChange({ kind: next });
    if (next === "colour") onChange({ kind: next, colour: "#ffffff" });
    if (next === "blur") onChange({ kind: next, radius: Math.max(1, Math.round(largest / 80)) });
  };

  return (
    <>
      <Choice label={text.label} value={kind} options={KINDS} onChange={choose} />
      {value.kind === "colour" && kind === "colour" && (
        <Colours value={value.colour} onChange={(colour) => onChange({ kind: "colour", colour })} />
      )}
      {kind === "image" && (
        <Image
          image={value.kind === "image" ? value.image : null}
          onChange={(image) => {
            setWantsImage(false);
            onChange({ kind: "image", image });
          }}
        />
      )}
      {value.kind === "blur" && kind === "blur" && (
        <Slider
          label={text.radius}
          value={value.radius}
          min={1}
          // What is blurred more than that shows nothing any more; the server takes up to 1000.
          max={Math.max(value.radius, Math.min(1000, Math.round(largest / 16)))}
          said={en.settings.edges.px(value.radius)}
          onChange={(radius) => onChange({ kind: "blur", radius })}
        />
      )}
    </>
  );
}

function Colours({ value, onChange }: { readonly value: string; readonly onChange: (colour: string) => void }) {
  const own = !(value in text.colours);
  return (
    <fieldset className="swatches">
      <legend className="unseen">{text.kinds.colour}</legend>
      {Object.entries(text.colours).map(([colour, name]) => (
        <label key={colour} className="swatch" title={name}>
          <input
            type="radio"
            name="background-colour"
            aria-label={name}
            checked={value === colour}
            onChange={() => onChange(colour)}
          />
          <span className="swatch-dot" style={{ backgroundColor: colour }} />
        </label>
      ))}
      <label className="swatch swatch-own" title={text.own}>
        <input
          type="color"
          aria-label={text.own}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
        <span className="swatch-dot" style={own ? { backgroundColor: value } : undefined}>
          <Icon name="add" />
        </span>
      </label>
    </fieldset>
  );
}

function Image({ image, onChange }: { readonly image: Blob | null; readonly onChange: (image: Blob) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const url = useObjectUrl(image);
  const [wrong, setWrong] = useState(false);

  const choose = async (file: File | undefined) => {
    if (!file) return;
    // What the browser cannot show, it could not show behind the subject either.
    const copy = await copied(file).catch(() => null);
    const found = copy && (await createImageBitmap(copy).catch(() => null));
    found?.close();
    setWrong(found === null);
    if (copy && found) onChange(copy);
  };

  return (
    <>
      <div className="picked">
        {url && <img src={url} alt="" />}
        <Button icon="image" onClick={() => input.current?.click()}>
          {image ? text.changeImage : text.chooseImage}
        </Button>
        <input
          ref={input}
          type="file"
          accept="image/*"
          hidden
          aria-label={text.chooseImage}
          onChange={(event) => {
            void choose(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </div>
      <p className={wrong ? "warning" : "hint"} role={wrong ? "alert" : undefined}>
        {wrong ? text.notImage : text.imageHint}
      </p>
    </>
  );
}
