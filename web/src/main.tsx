import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { INITIAL, reduce, type State } from "./app/state";
import { loadWork } from "./keep";
import "./look/tokens.css";
import "./look/base.css";
import { current, openQueue } from "./many/queue";

/** The page as it was left, as far as the browser has kept it. */
async function begun(): Promise<State> {
  const [work, isQueue] = await Promise.all([loadWork().catch(() => null), openQueue()]);
  const { items, settings } = current().batch;
  const state = isQueue ? reduce(INITIAL, { type: "queue restored", settings }) : INITIAL;
  if (!work) return state;
  return reduce(state, { type: "work restored", work, queued: items.some(({ id }) => id === work.photo.id) });
}

const root = document.getElementById("root");
if (root) void begun().then((state) => createRoot(root).render(<App begun={state} />));
