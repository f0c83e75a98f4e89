/** The browser's locks, of which all its tabs together have one of each name. */

/** null: it has none, as where the page came by plain HTTP from another computer. */
export const locks = (): LockManager | null => globalThis.navigator?.locks ?? null;

/** Takes a lock, which is held until the page ends or what this gives is called; null: it cannot be had. */
export function taken(name: string, options: LockOptions): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => (lock ? new Promise<void>((letGo) => resolve(letGo)) : resolve(null));
    const asked = locks()?.request(name, options, hold);
    if (asked) asked.catch(() => resolve(null));
    else resolve(null);
  });
}
