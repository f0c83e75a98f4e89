import { type Dispatch, useCallback, useEffect, useReducer } from "react";
import { needsKey, setToken } from "../api/http";
import { signOut } from "../api/server";
import { looked, measure, photoOf } from "./choosing";
import { type Act, reduce, type State, wouldLose } from "./state";
import { useKeep } from "./useKeep";
import { useMatte } from "./useMatte";
import { useRender } from "./useRender";
import { type Server, useServer } from "./useServer";

/** The state of the page, and what its screens do beside changing it. */
export interface Page {
  readonly state: State;
  readonly dispatch: Dispatch<Act>;
  readonly server: Server;
  /** The key of the picture that is wanted; null: it is not known of which matte. */
  readonly wanted: string | null;
  /** Photos were chosen. Asks first where something drawn would be lost. */
  choose(files: readonly File[]): void;
  /** The same, after it was asked. */
  begin(files: readonly File[]): void;
  /** Leaves the photo; asks as well. */
  leave(): void;
  leaveNow(): void;
  askForKey(): void;
  signOut(): void;
}

/** Everything that goes on behind the screens. */
export function usePage(begun: State): Page {
  const [state, dispatch] = useReducer(reduce, begun);
  const server = useServer(state.attempt);
  const onError = useMatte(state, dispatch);
  const wanted = useRender(state, dispatch, onError);
  useKeep(state);
  useSize(state, dispatch);
  useSignIn(server, state, dispatch);
  const begin = useBegin(dispatch, server.info?.v1.max_bytes ?? null);

  const leaveNow = () => dispatch({ type: "photo left" });
  const asked = (files: readonly File[], goOn: () => void) =>
    wouldLose(state) ? dispatch({ type: "dialog", dialog: { kind: "replace", files } }) : goOn();
  return {
    state,
    dispatch,
    server,
    wanted,
    begin,
    leaveNow,
    choose: (files) => {
      if (files.length > 0 && state.editing === "off") asked(files, () => begin(files));
    },
    leave: () => asked([], leaveNow),
    askForKey: () => dispatch({ type: "dialog", dialog: { kind: "sign-in" } }),
    signOut: async () => {
      // Whatever the server says, this page forgets it.
      await signOut().catch(() => setToken(null));
      await server.refresh();
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
      const problem = await looked(first, maxBytes);
      if (problem) dispatch({ type: "failed", place: "start", problem });
      else dispatch({ type: "photo chosen", photo: photoOf(first) });
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
