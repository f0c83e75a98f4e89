/** What the server is, what it can do, and who is signed in. */

import { ask, askJson, awaitToken, setToken } from "./http";
import type { components } from "./schema";

export type ServerInfo = components["schemas"]["ServerInfo"];
/** `cloud`: it runs at a provider, to whom the photo is sent. */
export type ModelInfo = components["schemas"]["ModelInfo"] & { readonly cloud?: boolean };
export type SessionInfo = components["schemas"]["SessionInfo"];

export const serverInfo = (): Promise<ServerInfo> => askJson<ServerInfo>("/api/v1/server");

export const listModels = async (): Promise<readonly ModelInfo[]> =>
  (await askJson<{ models: ModelInfo[] }>("/api/v1/models")).models;

/** Whether a key is needed, and whether this browser has signed in. */
export function session(): Promise<SessionInfo> {
  const asked = askJson<SessionInfo>("/api/session").then(remembered);
  awaitToken(asked);
  return asked;
}

/** Signs in by a key. Throws Problem (401) where it is not known. */
export const signIn = async (key: string): Promise<SessionInfo> =>
  remembered(
    await askJson<SessionInfo>("/api/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key }),
    }),
  );

export async function signOut(): Promise<void> {
  await ask("/api/session", { method: "DELETE" });
  setToken(null);
}

function remembered(info: SessionInfo): SessionInfo {
  setToken(info.csrf ?? null);
  return info;
}
