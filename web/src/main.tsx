import { createRoot } from "react-dom/client";
import { Problem } from "./api/http";
import { App } from "./app/App";
import { INITIAL, reduce, type State } from "./app/state";
import { loadScreens } from "./app/useScreens";
import { cameBack, loadWork } from "./keep";
import "./look/tokens.css";
import "./look/base.css";
import { current, openQueue } from "./many/queue";
import { en } from "./text/en";

const NOT_READ = new Problem("not_read", en.problems.notRead, en.problems.unexpectedHint);

/** The page as it was left, as far as the browser has kept it. */
async function begun(): Promise<State> {
  let missed = false;
  const unread = () => {
    missed = true;
    return null;
  };
  const [work, isQueue] = await Promise.all([loadWork().catch(unread), openQueue().catch(unread)]);
  const { items, settings } = current().batch;
  let state = INITIAL;
  if (isQueue) state = reduce(state, { type: "queue restored", settings });
  if (work) {
    state = reduce(state, { type: "work restored", work, queued: items.some(({ id }) => id === work.photo.id) });
  }
  // In a browser that keeps nothing there is nothing to be missed.
  return missed && cameBack ? reduce(state, { type: "refused", problem: NOT_READ }) : state;
}

async function show(root: HTMLElement): Promise<void> {
  // At once, though the first screen does without them: they are there when they are wanted, with or without a server.
  const loading = loadScreens();
  const state = await begun();
  const screens = state.screen === "start" ? null : await loading;
  createRoot(root).render(<App begun={state} screens={screens} />);
}

const root = document.getElementById("root");
if (root) void show(root);
