import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { flushSync } from "react-dom";
import type { StageHandle, StageProps } from "./contract";
import { Stage } from "./stage";
import "./stage.css";

/** Shows a photo and its cut-out, however large, and lets one paint on it. It fills what it is in. */
export function StageView({ ref, ...props }: StageProps & { readonly ref?: Ref<StageHandle> }) {
  const host = useRef<HTMLDivElement>(null);
  const stage = useRef<Stage | null>(null);

  // The canvas is made with the stage, not by React: it is handed to a worker, which happens to each canvas once.
  useLayoutEffect(() => {
    const made = new Stage(host.current as HTMLDivElement);
    stage.current = made;
    return () => {
      stage.current = null;
      made.close();
    };
  }, []);

  useLayoutEffect(() => stage.current?.update(props));
  useLeaving(stage);
  useImperativeHandle(ref, () => handle(stage), []);

  // An application: arrows move the photo, rather than a screen reader's place on the page.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked on by keys
  return <div ref={host} className="stage" role="application" aria-label={props.label} tabIndex={0} />;
}

/** A stroke that is being drawn ends where the page may be gone in a moment. */
function useLeaving(stage: { readonly current: Stage | null }): void {
  useEffect(() => {
    const control = new AbortController();
    const { signal } = control;
    // At once, with all that follows from it, since nothing else is run by a page that ends.
    const leave = () => flushSync(() => stage.current?.keep());
    addEventListener("pagehide", leave, { signal });
    // On a phone the last that is heard, whether the page is ever shown again or not.
    document.addEventListener("visibilitychange", () => document.hidden && leave(), { signal });
    return () => control.abort();
  }, [stage]);
}

/** Does nothing where there is no stage yet, or no more. */
function handle(stage: { readonly current: Stage | null }): StageHandle {
  return {
    fit: () => stage.current?.fit(),
    actualSize: () => stage.current?.actualSize(),
    zoom: (factor) => stage.current?.zoom(factor),
    pan: (dx, dy) => stage.current?.pan(dx, dy),
    centre: () => stage.current?.centre() ?? [0, 0],
    begin: (point) => stage.current?.begin(point),
    moveTo: (point) => stage.current?.moveTo(point),
    end: () => stage.current?.end(),
    cancel: () => stage.current?.cancel(),
    isDown: () => stage.current?.isDown() ?? false,
  };
}
