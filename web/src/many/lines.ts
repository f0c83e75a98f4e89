/** Lines to the server that stay open, of which there are few. */

import { taken } from "../keep/locks";

// A browser has six connections to a server, of all its tabs together; the others are for pages, photos and pictures.
const MOST = 2;

/**
 * Takes one of the lines that all tabs have together, until what this gives is called; null: none is free. Where tabs
 * cannot tell what others have, as without locks, nobody gets one: enough tabs would take all connections.
 */
export async function line(): Promise<(() => void) | null> {
  for (let number = 1; number <= MOST; number++) {
    const letGo = await taken(`cleancut line ${number}`, { ifAvailable: true });
    if (letGo) return letGo;
  }
  return null;
}
