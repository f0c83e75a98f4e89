import { type Dispatch, useEffect, useRef } from "react";
import { makeMatte, matteFile, readablePhoto } from "../api/cutouts";
import { isAbort, problemOf } from "../api/http";
import type { Matte } from "./contract";
import { type Recent, recent } from "./recent";
import { remaking } from "./remaking";
import { type Act, looksForSubject, type State } from "./state";

type OnError = (error: unknown) => void;

interface Failing {
  /** What is to be done where a request about the matte fails. */
  readonly onError: OnError;
  /** The matte of this id is gone: whether it is made again now. */
  readonly onGone: (id: string) => boolean;
}

/** Has the subject looked for where that is wanted, and brings the matte and, where needed, a photo that can be shown. */
export function useMatte(state: State, dispatch: Dispatch<Act>): Failing {
  const mattes = useRef<Recent<Matte>>(recent(8));
  const remake = useRef(remaking());
  // Where it is kept no more it is made again, and nobody is asked.
  const onGone = (id: string) => {
    const what = remake.current(id, performance.now());
    if (what === "again") {
      mattes.current.clear();
      dispatch({ type: "matte gone" });
    }
    return what !== "too soon";
  };
  const asked = state.work?.matte?.id;
  const onError = (error: unknown) => {
    if (isAbort(error)) return;
    const problem = problemOf(error);
    if (problem.status === 404 && asked !== undefined && onGone(asked)) return;
    dispatch({ type: "failed", place: "picture", problem });
  };
  useSubject(state, dispatch, mattes.current);
  useMatteFile(state, dispatch, onError);
  useReadablePhoto(state, dispatch, onError);
  return { onError, onGone };
}

function useSubject(state: State, dispatch: Dispatch<Act>, mattes: Recent<Matte>): void {
  const { work, attempt, providerKey } = state;
  const wanted = looksForSubject(state);
  const [photo, model, quality] = [work?.photo, work?.settings.model, work?.settings.quality];

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt more is the same request once more.
  useEffect(() => {
    if (!wanted || !photo || model === undefined || quality === undefined) return;
    const key = JSON.stringify([photo.id, model, quality]);
    const known = mattes.get(key);
    if (known) {
      dispatch({ type: "matte found", matte: known });
      return;
    }
    const abort = new AbortController();
    const { signal } = abort;
    let ended = false;
    const onStep = (step: string) => signal.aborted || dispatch({ type: "step", step });
    makeMatte({ photo: photo.file, name: photo.name, settings: { model, quality }, providerKey, signal, onStep })
      .then((matte) => {
        if (signal.aborted) return;
        mattes.set(key, matte);
        ended = true;
        dispatch({ type: "matte found", matte });
      })
      .catch((error) => {
        ended = true;
        if (!signal.aborted) dispatch({ type: "failed", place: "matte", problem: problemOf(error) });
      });
    // Chromium counts a stream as failed that is given up after its end.
    return () => {
      if (!ended) abort.abort();
    };
  }, [wanted, photo, model, quality, providerKey, attempt, dispatch]);
}

function useMatteFile({ work, shown, attempt }: State, dispatch: Dispatch<Act>, onError: OnError): void {
  const matte = work?.matte ?? null;
  const isShown = shown.matte !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is done about an error does not change.
  useEffect(() => {
    if (matte === null || isShown) return;
    const abort = new AbortController();
    matteFile(matte.id, abort.signal).then(
      (blob) => abort.signal.aborted || dispatch({ type: "matte loaded", matte: blob }),
      (error) => abort.signal.aborted || onError(error),
    );
    return () => abort.abort();
  }, [matte, isShown, attempt, dispatch]);
}

/** For a photo that the browser cannot show, or shows in another size than the server: turned otherwise, say. */
function useReadablePhoto({ work, shown, foreign, attempt }: State, dispatch: Dispatch<Act>, onError: OnError): void {
  const matte = work?.matte ?? null;
  const { photo } = shown;
  const differs = photo !== null && (photo.width !== matte?.width || photo.height !== matte.height);
  const needed = matte !== null && (photo === null ? foreign : differs);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => {
    if (!needed || matte === null) return;
    const { width, height } = matte;
    const abort = new AbortController();
    readablePhoto(matte.id, abort.signal).then(
      (blob) => abort.signal.aborted || dispatch({ type: "photo readable", photo: { blob, width, height } }),
      (error) => abort.signal.aborted || onError(error),
    );
    return () => abort.abort();
  }, [needed, matte, attempt, dispatch]);
}
