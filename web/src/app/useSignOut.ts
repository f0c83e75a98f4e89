import { type Dispatch, useCallback, useEffect, useRef } from "react";
import { setToken } from "../api/http";
import { signOut } from "../api/server";
import { forgetEverything, forgetWork } from "../keep";
import { forgetAll } from "../many/queue";
import { DEFAULTS } from "../settings/defaults";
import type { Act } from "./state";
import type { Server } from "./useServer";

/** By which tabs of a browser, which share who is signed in, hear that nobody is any more. */
const CHANNEL = "cleancut-signed-out";

// A server that does not answer keeps nobody here.
const PATIENCE_MS = 3_000;

/** Signs out: who comes next finds nothing of what was done here, or in another tab. */
export function useSignOut(server: Server, dispatch: Dispatch<Act>): () => Promise<void> {
  const channel = useRef<BroadcastChannel | null>(null);
  const forget = useCallback(async () => {
    dispatch({ type: "queue closed" });
    dispatch({ type: "settings", settings: DEFAULTS });
    dispatch({ type: "provider key", key: "" });
    await Promise.all([forgetWork(), soon(forgetAll())]);
  }, [dispatch]);

  useEffect(() => {
    const tabs = new BroadcastChannel(CHANNEL);
    tabs.onmessage = () => void forget().then(() => location.reload());
    channel.current = tabs;
    return () => tabs.close();
  }, [forget]);

  return async () => {
    await forget();
    await forgetEverything();
    try {
      await signOut();
    } catch {
      // Whatever the server says, this page forgets it.
      setToken(null);
      await server.refresh();
      return;
    }
    channel.current?.postMessage(null);
    // What is in memory ends with the page: pictures that were made, and what is shown of many.
    location.reload();
  };
}

const soon = (task: Promise<void>): Promise<void> =>
  Promise.race([task, new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS))]);
