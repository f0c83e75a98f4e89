import { type KeyboardEvent, startTransition, useCallback, useEffect, useId, useRef, useState } from "react";
import { en } from "../text/en";
import { Card, thumbKeys } from "./Card";
import type { Batch } from "./contract";
import { dispatch } from "./queue";
import { isStale } from "./recipe";
import { stepOf } from "./steps";
import { freeThumbs } from "./thumbs";
import "./card.css";

interface CardsProps {
  readonly batch: Batch;
  /** Nothing is sent at present. */
  readonly halted: boolean;
  /** The photo that has the focus at first; null: none. */
  readonly first: string | null;
  readonly onEdit: (id: string) => void;
  readonly onSettings: (id: string) => void;
}

// What can be put on the screen in a quarter of a frame or so where nothing else is done.
const PIECE = 16;

/** All photos. Arrow keys go from one to the next, so that Tab need not pass them all. */
export function Cards({ batch, halted, first, onEdit, onSettings }: CardsProps) {
  const { items } = batch;
  const list = useRef<HTMLUListElement>(null);
  const [chosen, setChosen] = useState(first);
  const id = useId();
  const shown = usePieces(items.length);
  const active = items.some((item) => item.id === chosen) ? chosen : (items[0]?.id ?? null);

  // For handlers that stay the same, so that cards do.
  const now = useRef(items);
  useEffect(() => {
    now.current = items;
    const stays = new Set(items.flatMap(thumbKeys));
    freeThumbs((key) => stays.has(key));
  }, [items]);

  const pending = useRef(first);
  useEffect(() => {
    const index = items.findIndex((item) => item.id === pending.current);
    if (index < 0 || index >= shown) return;
    pending.current = null;
    // After the page has moved it to the heading of a screen that has come.
    const frame = requestAnimationFrame(() => focusOn(list.current, index));
    return () => cancelAnimationFrame(frame);
  }, [items, shown]);

  const onRemove = useCallback((removed: string) => {
    const index = now.current.findIndex((item) => item.id === removed);
    // The focus goes to the photo that takes its place.
    const next = now.current[index + 1] ?? now.current[index - 1];
    dispatch({ type: "remove", id: removed });
    if (next) requestAnimationFrame(() => focusOn(list.current, index));
  }, []);

  return (
    <>
      <p id={id} className="unseen">
        {en.many.keys}
      </p>
      <ul ref={list} className="cards" aria-label={en.many.list} aria-describedby={id} onKeyDown={onKeyDown}>
        {items.slice(0, shown).map((item) => (
          <Card
            key={item.id}
            item={item}
            stale={isStale(item, batch)}
            halted={halted}
            active={item.id === active}
            onActive={setChosen}
            onEdit={onEdit}
            onSettings={onSettings}
            onRemove={onRemove}
          />
        ))}
      </ul>
    </>
  );
}

/** How many of so many are shown: one piece at once, the others one by one between what else is to be done. */
function usePieces(all: number): number {
  const [shown, setShown] = useState(PIECE);
  useEffect(() => {
    if (shown < all) startTransition(() => setShown(shown + PIECE));
  }, [shown, all]);
  return shown;
}

function onKeyDown(event: KeyboardEvent<HTMLUListElement>): void {
  const list = event.currentTarget;
  const card = (event.target as Element).closest("li");
  if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
  const index = Array.from(list.children).indexOf(card);
  const { direction, gridTemplateColumns } = getComputedStyle(list);
  const step = stepOf(
    event.key,
    index,
    list.children.length,
    gridTemplateColumns.split(" ").length,
    direction === "rtl",
  );
  if (step === null) return;
  event.preventDefault();
  focusOn(list, step);
}

/** Focuses the picture of a card; where there are fewer cards, of the last one. */
function focusOn(list: HTMLUListElement | null, index: number): void {
  const card = list?.children[Math.min(index, list.children.length - 1)];
  card?.querySelector<HTMLElement>(".card-picture")?.focus();
}
