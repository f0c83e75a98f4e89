import { useEffect, useState } from "react";

type Screens = typeof import("./screens");

/** "missing": they could not be loaded. */
export type Found = Screens | "missing";

/** Loads the screens that follow the first one; once they are there they stay. */
export const loadScreens = (): Promise<Found> => import("./screens").catch(() => "missing" as const);

/** The screens that follow the first one; null: not there yet. Where they are missing they are tried again when wanted. */
export function useScreens(begun: Found | null, wanted: boolean): Found | null {
  const [found, setFound] = useState(begun);
  const pending = found === null || (found === "missing" && wanted);
  useEffect(() => {
    if (pending) void loadScreens().then(setFound);
  }, [pending]);
  return found;
}
