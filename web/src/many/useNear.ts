/** Whether something is on the screen, or will soon be. */

import { type RefObject, useEffect, useState } from "react";

const callbacks = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

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
    callbacks.set(element, setNear);
    observer.observe(element);
    return () => observer?.unobserve(element);
  }, [ref]);
  return near;
}
