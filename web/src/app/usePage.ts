import { type Dispatch, startTransition, useEffect, useReducer, useRef } from "react";
import { needsKey, Problem } from "../api/http";
import type { Kept } from "../keep";
import { addFiles, askOver, current } from "../many/queue";
import { measure, taken } from "./choosing";
import { type Act, reduce, type State, settingsOf, wouldLose } from "./state";
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
  /** Leaves the photo; asks as well. */
  leave(): void;
  /** Does what was asked about: beginning with another photo, leaving, or signing out. */
  goOn(): void;
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

  const left = () => dispatch({ type: "photo left" });
  // What follows when the question is answered.
  const following = useRef(left);
  const asked = (goOn: () => void, loses: boolean) => {
    following.current = goOn;
    if (loses) dispatch({ type: "dialog", dialog: { kind: "replace" } });
    else goOn();
  };
  const chosen = useChosen(state, dispatch, server.info?.v1.max_bytes ?? null, asked);
  const signOut = useSignOut(server, dispatch);
  return {
    state,
    dispatch,
    server,
    wanted,
    kept,
    goOn: () => following.current(),
    choose: (files) => {
      if (state.editing === "off") void chosen(files);
    },
    leave: () => asked(left, wouldLose(state)),
    askForKey: () => dispatch({ type: "dialog", dialog: { kind: "sign-in" } }),
    matteGone: onGone,
    signOut: () => {
      const { items } = current().batch;
      const drawn = [state.work, ...items].some((each) => (each?.history.steps.length ?? 0) > 0);
      if (state.screen === "many" && items.length > 0) askOver(signOut);
      else asked(signOut, state.work !== null && drawn);
    },
  };
}

type Asked = (goOn: () => void, loses: boolean) => void;

/** Takes what is chosen: a file by itself is looked at first, then it is asked about. Of two choices the last one counts. */
function useChosen(state: State, dispatch: Dispatch<Act>, maxBytes: number | null, asked: Asked) {
  const now = useRef({ state, asked });
  useEffect(() => {
    now.current = { state, asked };
  });
  const choices = useRef(0);
  const queue = (files: readonly File[]) => {
    // At once, so that they are kept whatever happens to the page from here on.
    addFiles(files, settingsOf(now.current.state));
    startTransition(() => dispatch({ type: "photos chosen" }));
  };
  return async (files: readonly File[]) => {
    const [first] = files;
    if (!first) return;
    choices.current += 1;
    const mine = choices.current;
    const photo = files.length > 1 ? null : await taken(first, maxBytes);
    if (choices.current !== mine) return;
    const { state, asked } = now.current;
    if (photo instanceof Problem) dispatch({ type: "refused", problem: photo });
    // One of the queue goes back there, and nothing of it is lost.
    else if (photo && !state.item) asked(() => dispatch({ type: "photo chosen", photo }), wouldLose(state));
    else asked(() => queue(files), wouldLose(state));
  };
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
