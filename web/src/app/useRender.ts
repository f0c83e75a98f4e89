import { type Dispatch, useEffect, useMemo, useRef } from "react";
import { makePicture, type Picture } from "../api/cutouts";
import { applied } from "../editor/history";
import { cutoutName } from "../many/names";
import { pictureKey, plain } from "../settings/fields";
import type { Settings, Work } from "./contract";
import { type Recent, recent } from "./recent";
import type { Act, State } from "./state";

// What is drawn and set in one go is made once.
const PAUSE_MS = 250;

/** Has the picture made that is wanted, and the cut-out that the stage shows. Gives the key of what is wanted. */
export function useRender(state: State, dispatch: Dispatch<Act>, onError: (error: unknown) => void): string | null {
  const { work, editing, attempt, shown } = state;
  const pictures = useRef<Recent<Picture>>(recent(6));
  const history = work?.history;
  const edits = useMemo(() => (history ? applied(history) : []), [history]);
  const [matte, settings, photo] = [work?.matte ?? null, work?.settings, work?.photo];
  const key = matte && settings ? pictureKey(matte.id, settings, edits) : null;
  const first = shown.cutout === null;
  const drawing = editing === "on";

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all that settings and edits are here for.
  useEffect(() => {
    if (key === null || !matte || !settings || !photo || drawing) return;
    const abort = new AbortController();
    const { signal } = abort;
    const make = async (wanted: Settings): Promise<[string, Picture]> => {
      const its = pictureKey(matte.id, wanted, edits);
      const made = pictures.current.get(its) ?? (await makePicture(matte.id, wanted, edits, signal));
      signal.throwIfAborted();
      pictures.current.set(its, made);
      return [its, made];
    };
    const run = async () => {
      const [cutoutKey, cutout] = await make(plain(settings));
      dispatch({ type: "cutout made", cutout: { key: cutoutKey, blob: cutout.blob } });
      const [, picture] = cutoutKey === key ? [key, cutout] : await make(settings);
      dispatch({ type: "result made", result: { key, ...picture, name: nameOf(photo, settings) } });
    };
    dispatch({ type: "rendering" });
    const known = pictures.current.get(key) !== undefined;
    const timer = setTimeout(
      () => run().catch((error) => signal.aborted || onError(error)),
      known || first || editing === "closing" ? 0 : PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, drawing, attempt, dispatch]);

  return key;
}

const nameOf = (photo: Work["photo"], settings: Settings): string => cutoutName(photo.name, settings.file.format);
