/** Whether something is on the screen, or will soon be, and stays there for a moment. */

import { type RefObject, useEffect, useState } from "react";

const callbacks = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

// What only passes by is left alone: its picture would come too late, and the others later.
const STAYS_MS = 150;

/** One observer serves all. */
export function useNear(ref: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    observer ??= new IntersectionObserver(
      (entries) => {
        for (const entry of entries) callbacks.get(entry.target)?.(entry.isIntersecting);
      },
      { rootMargin: "300px" },
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    callbacks.set(element, (isNear) => {
      clearTimeout(timer);
      if (isNear) timer = setTimeout(() => setNear(true), STAYS_MS);
      else setNear(false);
    });
    observer.observe(element);
    return () => {
      clearTimeout(timer);
      observer?.unobserve(element);
    };
  }, [ref]);
  return near;
}
