/** What tests of the runner begin with. */

import type { Batch } from "./contract";
import type { Api, Ear } from "./jobs";
import { createRunner, type Trouble } from "./runner";
import { type Action, reduce, type Told } from "./state";

/** A server that says what a test wants, and a queue that is worked on. */
export function begin(batch: Batch, over: Partial<Api> = {}) {
  const ears = new Map<string, Ear>();
  const calls: string[] = [];
  const keys: string[] = [];
  const pictures = new Map<string, readonly Told[]>();
  let count = 0;
  const api: Api = {
    async send(job) {
      keys.push(job.key);
      count += 1;
      calls.push(`send ${job.items.join("")}`);
      return `id${count}`;
    },
    async hasEnded() {
      return false;
    },
    async pictures(id) {
      return pictures.get(id) ?? [];
    },
    async cancel(id) {
      calls.push(`cancel ${id}`);
    },
    async remove(id) {
      calls.push(`remove ${id}`);
    },
    async removeSent(key) {
      calls.push(`remove what was sent under ${key}`);
    },
    listen(id, ear) {
      ears.set(id, ear);
      return { stop: () => ears.delete(id) };
    },
    ...over,
  };
  const state = { batch, trouble: null as Trouble | null };
  const dispatch = (action: Action) => {
    const next = reduce(state.batch, action);
    if (next === state.batch) return;
    state.batch = next;
    runner.wake();
  };
  const onTrouble = (trouble: Trouble | null) => void Object.assign(state, { trouble });
  const runner = createRunner({ batch: () => state.batch, dispatch, onTrouble, api });
  runner.wake();
  return { state, dispatch, runner, ears, calls, keys, pictures };
}
