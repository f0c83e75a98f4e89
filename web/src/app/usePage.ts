import { type Dispatch, useCallback, useEffect, useReducer, useRef } from "react";
import { needsKey, Problem } from "../api/http";
import type { Kept } from "../keep";
import { askOver, current } from "../many/queue";
import { measure, taken } from "./choosing";
import { type Act, reduce, type State, wouldLose } from "./state";
import { useKeep } from "./useKeep";
import { useMatte } from "./useMatte";
import { useRender } from "./useRender";
import { type Server, useServer } from "./useServer";
import { useSignOut } from "./useSignOut";

/** The state of the page, and what its screens do beside changing it. */
export interface Page {
  readonly state: State;
  readonly dispatch: Dispatch<Act>;
  readonly server: Server;
  /** The key of the picture that is wanted; null: it is not known of which matte. */
  readonly wanted: string | null;
  /** Whether a reload loses nothing of the photo in work; null: not known yet. */
  readonly kept: Kept | null;
  /** Photos were chosen. Asks first where something drawn would be lost. */
  choose(files: readonly File[]): void;
  /** The same, after it was asked. */
  begin(files: readonly File[]): void;
  /** Leaves the photo; asks as well. */
  leave(): void;
  /** Does what was asked about: leaving, or signing out. */
  leaveNow(): void;
  askForKey(): void;
  /** The server keeps this matte no more: whether it is made again now, and nobody is asked. */
  matteGone(id: string): boolean;
  /** Forgets all that was done here; asks as well. */
  signOut(): void;
}

/** Everything that goes on behind the screens. */
export function usePage(begun: State): Page {
  const [state, dispatch] = useReducer(reduce, begun);
  const server = useServer(state.attempt);
  const { onError, onGone } = useMatte(state, dispatch);
  const wanted = useRender(state, dispatch, onError);
  const kept = useKeep(state);
  useSize(state, dispatch);
  useSignIn(server, state, dispatch);
  const begin = useBegin(dispatch, server.info?.v1.max_bytes ?? null);

  const left = () => dispatch({ type: "photo left" });
  // What follows when the question is answered.
  const leaving = useRef(left);
  const asked = (files: readonly File[], goOn: () => void, loses = wouldLose(state)) => {
    leaving.current = goOn;
    if (loses) dispatch({ type: "dialog", dialog: { kind: "replace", files } });
    else goOn();
  };
  const signOut = useSignOut(server, dispatch);
  return {
    state,
    dispatch,
    server,
    wanted,
    kept,
    begin,
    leaveNow: () => leaving.current(),
    choose: (files) => {
      if (files.length > 0 && state.editing === "off") asked(files, () => begin(files));
    },
    leave: () => asked([], left),
    askForKey: () => dispatch({ type: "dialog", dialog: { kind: "sign-in" } }),
    matteGone: onGone,
    signOut: () => {
      const { items } = current().batch;
      const drawn = [state.work, ...items].some((each) => (each?.history.steps.length ?? 0) > 0);
      if (state.screen === "many" && items.length > 0) askOver(signOut);
      else asked([], signOut, state.work !== null && drawn);
    },
  };
}

function useBegin(dispatch: Dispatch<Act>, maxBytes: number | null): (files: readonly File[]) => void {
  return useCallback(
    async (files: readonly File[]) => {
      const [first] = files;
      if (!first) return;
      if (files.length > 1) {
        dispatch({ type: "photos chosen", files });
        return;
      }
      const found = await taken(first, maxBytes);
      if (found instanceof Problem) dispatch({ type: "failed", place: "start", problem: found });
      else dispatch({ type: "photo chosen", photo: found });
    },
    [dispatch, maxBytes],
  );
}

/** Looks how large the photo is, or whether the browser can show it at all. */
function useSize({ work }: State, dispatch: Dispatch<Act>): void {
  const file = work?.photo.file;
  useEffect(() => {
    if (!file) return;
    let current = true;
    void measure(file).then((size) => {
      if (!current) return;
      dispatch(size ? { type: "photo readable", photo: { blob: file, ...size } } : { type: "photo foreign" });
    });
    return () => {
      current = false;
    };
  }, [file, dispatch]);
}

function useSignIn({ session }: Server, { editing, problem }: State, dispatch: Dispatch<Act>): void {
  const needed = session?.keys_needed === true && !session.signed_in;
  // Beside the picture there is a button for it; the editor has none, and what is drawn there must not be left.
  const refused = editing === "on" && problem !== null && needsKey(problem.problem);
  useEffect(() => {
    if (needed || refused) dispatch({ type: "dialog", dialog: { kind: "sign-in" } });
  }, [needed, refused, dispatch]);
}
