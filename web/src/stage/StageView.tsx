import { type Ref, useImperativeHandle, useLayoutEffect, useRef } from "react";
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
  useImperativeHandle(ref, () => handle(stage), []);

  // An application: arrows move the photo, rather than a screen reader's place on the page.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked on by keys
  return <div ref={host} className="stage" role="application" aria-label={props.label} tabIndex={0} />;
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
  };
}
