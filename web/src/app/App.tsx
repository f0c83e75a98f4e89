import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Command, CommandGroup } from "../commands/command";
import { useKeys } from "../commands/useKeys";
import { Notice } from "../controls/Notice";
import { retryNow } from "../many/queue";
import type { SettingsContext } from "../settings/feature";
import { en } from "../text/en";
import type { Settings } from "./contract";
import { Replace, Shortcuts, SignIn } from "./Dialogs";
import { focusHeading } from "./focus";
import { Header } from "./Header";
import { ProblemNotice } from "./ProblemNotice";
import { StartScreen } from "./StartScreen";
import { type State, settingsOf } from "./state";
import { useDrop } from "./useDrop";
import { type Page, usePage } from "./usePage";
import { type Found, useScreens } from "./useScreens";
import "./app.css";

interface AppProps {
  /** What was there when the page was left. */
  readonly begun: State;
  /** The screens that show it; null: it is the first one. */
  readonly screens: Found | null;
}

/** The page. */
export function App({ begun, screens: loaded }: AppProps) {
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
  const screens = useScreens(loaded, state.screen !== "start");
  useHeadingFocus(state.screen, screens === null);
  const name = state.work?.photo.name;
  useEffect(() => {
    document.title = name ? `${name} · ${en.app.name}` : en.app.name;
  }, [name]);

  return (
    <div className={`app app-${state.screen}`}>
      <Screen page={page} screens={screens} help={help} onGroups={setGroups} />
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
  readonly screens: Found | null;
  readonly help: Command;
  readonly onGroups: (groups: readonly CommandGroup[]) => void;
}

function Screen({ page, screens, help, onGroups }: ScreenProps) {
  const { state, dispatch, server } = page;
  const header = (children: ReactNode) => (
    <Header
      signedIn={server.session?.keys_needed ? server.session.signed_in : null}
      onShortcuts={() => help.perform()}
      onSignIn={page.askForKey}
      onSignOut={page.signOut}
    >
      {children}
    </Header>
  );
  if (state.screen === "start") {
    return (
      <>
        {header(null)}
        <StartScreen
          problem={state.refused}
          keeping={server.info}
          onFiles={page.choose}
          onProblem={(problem) => dispatch({ type: "refused", problem })}
          onSignIn={page.askForKey}
        />
      </>
    );
  }
  if (screens === null || screens === "missing") {
    return (
      <>
        {header(null)}
        <main id="main">
          {screens === null ? (
            <p className="loading" role="status">
              {en.app.loading}
            </p>
          ) : (
            <Notice kind="problem" title={en.app.missing} hint={en.app.missingHint} />
          )}
        </main>
      </>
    );
  }
  return <Further page={page} screens={screens} header={header} onGroups={onGroups} />;
}

interface FurtherProps {
  readonly page: Page;
  readonly screens: Exclude<Found, "missing">;
  readonly header: (children: ReactNode) => ReactNode;
  readonly onGroups: ScreenProps["onGroups"];
}

/** One photo, or many. */
function Further({ page, screens, header, onGroups }: FurtherProps) {
  const { state, dispatch } = page;
  const { ManyScreen, PhotoScreen, SettingsPanel } = screens;
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
  return (
    <>
      {header(null)}
      <main className="queue" id="main">
        {state.refused && (
          <ProblemNotice
            problem={state.refused}
            onSignIn={page.askForKey}
            onDismiss={() => dispatch({ type: "refused", problem: null })}
          />
        )}
        <ManyScreen
          settings={settingsOf(state)}
          onSettings={onSettings}
          panel={panel}
          onEdit={(item) => dispatch({ type: "item opened", item })}
          edited={state.edited}
          onSignIn={page.askForKey}
          onClose={() => dispatch({ type: "queue closed" })}
        />
      </main>
    </>
  );
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
      page.goOn();
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
function useHeadingFocus(screen: State["screen"], loading: boolean): void {
  const before = useRef(screen);
  useEffect(() => {
    if (before.current === screen || (loading && screen !== "start")) return;
    before.current = screen;
    focusHeading();
  }, [screen, loading]);
}
