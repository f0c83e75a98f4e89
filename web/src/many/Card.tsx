import { memo, useEffect, useRef } from "react";
import { Button } from "../controls/Button";
import { Icon } from "../look/Icon";
import { en } from "../text/en";
import type { Item } from "./contract";
import { fileName } from "./download";
import { resultUrl } from "./jobs";
import { dispatch } from "./queue";
import { isUnderWay } from "./state";
import { type Thumb, unwantThumb, useThumb, wantThumb } from "./thumbs";
import { useNear } from "./useNear";
import { canAgain, say } from "./words";

interface CardProps {
  readonly item: Item;
  /** What is there was made with something else than is wanted now. */
  readonly stale: boolean;
  /** Nothing is sent at present. */
  readonly halted: boolean;
  /** Of all cards it is the one that Tab comes to. */
  readonly active: boolean;
  readonly onActive: (id: string) => void;
  readonly onEdit: (id: string) => void;
  readonly onSettings: (id: string) => void;
  readonly onRemove: (id: string) => void;
}

const text = en.many;

/** One photo of the queue. */
export const Card = memo(function Card({
  item,
  stale,
  halted,
  active,
  onActive,
  onEdit,
  onSettings,
  onRemove,
}: CardProps) {
  const ref = useRef<HTMLLIElement>(null);
  const { id, photo, result } = item;
  const { name } = photo;
  const { icon, words, why, look } = say(item, stale, halted);
  const thumb = useShown(item, useNear(ref));
  const editable = item.state.kind !== "failed" || result !== null;
  const tabIndex = active ? 0 : -1;
  return (
    <li ref={ref} className={`card card-${look}`} onFocus={() => onActive(id)}>
      <button
        type="button"
        className={`card-picture${thumb.cutout ? " card-cutout" : ""}`}
        tabIndex={tabIndex}
        aria-label={`${text.photo(name, words)}${editable ? `. ${text.edit(name)}` : ""}`}
        aria-disabled={!editable}
        onClick={() => editable && onEdit(id)}
      >
        {thumb.url ? <img src={thumb.url} alt="" decoding="async" draggable={false} /> : <Icon name="image" />}
        {editable && (
          <span className="card-edit">
            <Icon name="edit" />
          </span>
        )}
      </button>
      <div className="card-words">
        <p className="card-name" title={name}>
          {name}
        </p>
        <p className="card-state">
          <Icon name={icon} />
          <span>{words}</span>
        </p>
        {why && <p className="card-why">{why}</p>}
      </div>
      <div className="card-actions">
        {result && (
          <a
            className="button button-quiet button-bare"
            href={resultUrl(result.job, result.number)}
            download={fileName(item) ?? ""}
            aria-label={text.download(name)}
            title={text.download(name)}
            tabIndex={tabIndex}
          >
            <Icon name="download" />
          </a>
        )}
        {canAgain(item, stale) && (
          <Button
            bare
            look="quiet"
            icon="reset"
            tabIndex={tabIndex}
            onClick={() => dispatch({ type: "again", ids: [id] })}
          >
            {text.again(name)}
          </Button>
        )}
        {editable && (
          <Button
            bare
            look="quiet"
            icon="settings"
            tabIndex={tabIndex}
            onClick={() => onSettings(id)}
            data-own={item.own !== null}
          >
            {text.change(name)}
          </Button>
        )}
        <Button bare look="quiet" icon="trash" tabIndex={tabIndex} onClick={() => onRemove(id)}>
          {text.remove(name)}
        </Button>
      </div>
    </li>
  );
});

/** Of a photo and of what was made of it. */
export const thumbKeys = ({ id, result }: Item): readonly string[] => [
  photoKeyOf(id),
  ...(result ? [resultUrl(result.job, result.number)] : []),
];

const photoKeyOf = (id: string): string => `photo:${id}`;

/** The small picture of what was made, or of the photo as long as there is none that can be shown. */
function useShown(item: Item, near: boolean): { readonly url: string | null; readonly cutout: boolean } {
  const { id, photo, result, state } = item;
  const { file } = photo;
  const photoKey = photoKeyOf(id);
  const url = result && resultUrl(result.job, result.number);
  const made = useThumb(url);
  const source = useThumb(photoKey);
  useEffect(() => {
    if (!near) return;
    const key = url !== null && made !== "none" ? url : photoKey;
    wantThumb(key, key === url ? url : file);
    return () => unwantThumb(key);
  }, [near, url, made, photoKey, file]);
  const gone = made === "gone" && !isUnderWay(item) && state.kind !== "failed";
  useEffect(() => {
    const { expired, expiredHint } = text;
    if (gone) dispatch({ type: "gone", id, problem: { error: expired, code: "not_found", hint: expiredHint } });
  }, [gone, id]);
  const cutout = addressOf(made);
  return { url: cutout ?? addressOf(source), cutout: cutout !== null };
}

const addressOf = (thumb: Thumb | null): string | null => (typeof thumb === "object" ? (thumb?.url ?? null) : null);
