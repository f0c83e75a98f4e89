import { useCallback, useEffect, useState } from "react";
import { listModels, type ModelInfo, type ServerInfo, type SessionInfo, serverInfo, session } from "../api/server";

/** What the page knows of its server; each null as long as it is not known. */
export interface Server {
  readonly info: ServerInfo | null;
  readonly models: readonly ModelInfo[] | null;
  readonly modelsFailed: boolean;
  readonly session: SessionInfo | null;
  /** Asks everything again: somebody has signed in or out, or the server was away. */
  refresh(): Promise<void>;
}

const UNKNOWN = { info: null, models: null, modelsFailed: false, session: null } as const;

/** Asks the server what it is. What does not come is left out, and asked for again when something is tried again. */
export function useServer(attempt: number): Server {
  const [known, setKnown] = useState<Omit<Server, "refresh">>(UNKNOWN);
  const refresh = useCallback(async () => {
    const now = await session().catch(() => null);
    // Without a key the rest would be refused.
    if (now?.keys_needed && !now.signed_in) {
      setKnown({ ...UNKNOWN, session: now });
      return;
    }
    const [info, models] = await Promise.all([serverInfo().catch(() => null), listModels().catch(() => null)]);
    setKnown({ info, models, modelsFailed: models === null, session: now });
  }, []);
  const missing = known.info === null || known.models === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each attempt, not whenever something is missing.
  useEffect(() => {
    if (missing) void refresh();
  }, [attempt, refresh]);
  return { ...known, refresh };
}
