import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import type { Command, CommandGroup } from "../commands/command";
import { useKeys } from "../commands/useKeys";
import { Notice } from "../controls/Notice";
import { retryNow } from "../many/queue";
import type { SettingsContext } from "../settings/feature";
import { SettingsPanel } from "../settings/SettingsPanel";
import { en } from "../text/en";
import type { Settings } from "./contract";
import { Replace, Shortcuts, SignIn } from "./Dialogs";
import { focusHeading } from "./focus";
import { Header } from "./Header";
import { PhotoScreen } from "./PhotoScreen";
import { StartScreen } from "./StartScreen";
import { type State, settingsOf } from "./state";
import { useDrop } from "./useDrop";
import { type Page, usePage } from "./usePage";
import "./app.css";

// Who has one photo need not load what shows many.
const ManyScreen = lazy(() =>
  import("../many/ManyScreen").then(
    ({ ManyScreen }) => ({ default: ManyScreen }),
    () => ({ default: ManyMissing }),
  ),
);

/** The page. `begun`: what was there when it was left. */
export function App({ begun }: { readonly begun: State }) {
  const page = usePage(begun);
  const { state, dispatch } = page;
  const [groups, setGroups] = useState<readonly CommandGroup[]>([]);
  // The queue takes what is dropped on it itself.
  const takes = state.dialog === null && state.editing === "off";
  const dropping = useDrop(takes ? page.choose : null, state.screen !== "many");
  const help: Command = {
    id: "help",
    label: en.app.shortcuts,
    keys: ["?"],
    enabled: () => true,
    perform: () => dispatch({ type: "dialog", dialog: { kind: "shortcuts" } }),
  };
  useKeys([help]);
  useHeadingFocus(state.screen);
  const name = state.work?.photo.name;
  useEffect(() => {
    document.title = name ? `${name} · ${en.app.name}` : en.app.name;
  }, [name]);

  return (
    <div className={`app app-${state.screen}`}>
      <Screen page={page} help={help} onGroups={setGroups} />
      {dropping && (
        <div className="dropping" aria-hidden="true">
          <p>{en.start.drop}</p>
        </div>
      )}
      <Dialogs page={page} groups={[...groups, { label: en.app.general, commands: [...pasting(state), help] }]} />
    </div>
  );
}

/** What the browser does by itself upon a key, which the list of shortcuts shows all the same. */
const pasting = ({ editing }: State): CommandGroup["commands"] =>
  editing !== "off" ? [] : [{ id: "paste", label: en.app.pasteKey, keys: ["Mod+V"] }];

interface ScreenProps {
  readonly page: Page;
  readonly help: Command;
  readonly onGroups: (groups: readonly CommandGroup[]) => void;
}

function Screen({ page, help, onGroups }: ScreenProps) {
  const { state, dispatch, server } = page;
  const header = (children: ReactNode) => (
    <Header
      signedIn={server.session?.keys_needed === true && server.session.signed_in}
      onShortcuts={() => help.perform()}
      onSignOut={page.signOut}
    >
      {children}
    </Header>
  );
  const onSettings = (settings: Settings) => dispatch({ type: "settings", settings });
  const panel = (settings: Settings, onChange: (next: Settings) => void) => (
    <SettingsPanel settings={settings} onSettings={onChange} context={contextOf(page)} />
  );
  if (state.screen === "photo" && state.work) {
    const { photo, settings } = state.work;
    return (
      <PhotoScreen
        key={photo.id}
        page={page}
        work={state.work}
        panel={panel(settings, onSettings)}
        header={header}
        onGroups={onGroups}
      />
    );
  }
  if (state.screen === "many") return <Many page={page} header={header(null)} panel={panel} onSettings={onSettings} />;
  return (
    <>
      {header(null)}
      <StartScreen
        problem={state.problem?.problem ?? null}
        keeping={server.info}
        onFiles={page.choose}
        onProblem={(problem) => dispatch({ type: "failed", place: "start", problem })}
        onSignIn={page.askForKey}
      />
    </>
  );
}

interface ManyProps {
  readonly page: Page;
  readonly header: ReactNode;
  readonly panel: (settings: Settings, onSettings: (next: Settings) => void) => ReactNode;
  readonly onSettings: (next: Settings) => void;
}

function Many({ page: { state, dispatch, askForKey }, header, panel, onSettings }: ManyProps) {
  return (
    <>
      {header}
      <main className="queue" id="main">
        <Suspense>
          <ManyScreen
            files={state.files}
            settings={settingsOf(state)}
            onSettings={onSettings}
            panel={panel}
            onEdit={(item) => dispatch({ type: "item opened", item })}
            edited={state.edited}
            onSignIn={askForKey}
            onClose={() => dispatch({ type: "queue closed" })}
          />
          <Arrived />
        </Suspense>
      </main>
    </>
  );
}

/** The heading of what has been loaded meanwhile gets the focus. */
function Arrived() {
  useEffect(focusHeading, []);
  return null;
}

function ManyMissing() {
  return <Notice kind="problem" title={en.app.missing} hint={en.app.missingHint} />;
}

function Dialogs({ page, groups }: { readonly page: Page; readonly groups: readonly CommandGroup[] }) {
  const { state, dispatch, server } = page;
  const close = () => dispatch({ type: "dialog", dialog: null });
  const { dialog, work } = state;
  if (dialog?.kind === "shortcuts") return <Shortcuts groups={groups} onClose={close} />;
  if (dialog?.kind === "sign-in") {
    const done = () => {
      close();
      void server.refresh();
      if (state.problem) dispatch({ type: "retry" });
      retryNow();
    };
    return <SignIn onClose={close} onDone={done} />;
  }
  if (dialog?.kind === "replace" && work) {
    const replace = () => {
      close();
      if (dialog.files.length > 0) page.begin(dialog.files);
      else page.leaveNow();
    };
    return <Replace name={work.photo.name} onClose={close} onReplace={replace} />;
  }
  return null;
}

const contextOf = ({ state, server, dispatch }: Page): SettingsContext => ({
  server: server.info,
  models: server.models,
  modelsFailed: server.modelsFailed,
  providerKey: state.providerKey,
  onProviderKey: (key) => dispatch({ type: "provider key", key }),
  photo: state.work?.matte ?? state.shown.photo,
});

/** Moves the focus to the heading of a screen that has come, so that it is read and Tab begins there. */
function useHeadingFocus(screen: State["screen"]): void {
  const before = useRef(screen);
  useEffect(() => {
    if (before.current === screen) return;
    before.current = screen;
    focusHeading();
  }, [screen]);
}
