/** A browser's locks for tests. */

type Held = (lock: object | null) => unknown;

/** Each is held by a page, and asked for by others. */
export class Locks {
  private readonly held = new Map<string, object>();
  private waiting: (() => void)[] = [];

  of(page: object) {
    return {
      request: async (name: string, { ifAvailable, signal }: LockOptions, held: Held) => {
        while (this.held.has(name)) {
          if (ifAvailable) return held(null);
          await new Promise<void>((resolve, reject) => {
            this.waiting.push(resolve);
            signal?.addEventListener("abort", () => reject(signal.reason));
          });
        }
        this.held.set(name, page);
        try {
          return await held({ name });
        } finally {
          this.held.delete(name);
        }
      },
    };
  }

  /** The page ends. */
  release(page: object): void {
    for (const [name, of] of this.held) if (of === page) this.held.delete(name);
    for (const wake of this.waiting.splice(0)) wake();
  }
}
