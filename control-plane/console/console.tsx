import { useEffect, useRef } from 'preact/hooks';
import type { FleetState } from './fleet-state.js';
import { Header } from './header.js';
import { Navigation } from './navigation.js';
import { pages } from './pages.js';
import type { ServerApi } from './server-api.js';
import { SignIn, type WaysIn } from './sign-in.js';

interface ConsoleProps {
  readonly state: FleetState;
  readonly api: ServerApi;
  readonly waysIn: WaysIn;
  readonly signOut: () => void;
}

/** The console: one of its pages, or the question who it is. */
export function Console({ state, api, waysIn, signOut }: ConsoleProps) {
  const connection = state.connection.value;
  if (connection === 'signed-out' || connection === 'refused') {
    return <SignIn wasRefused={connection === 'refused'} {...waysIn} />;
  }
  // Who it is shows in a moment: until then neither the fleet nor the question.
  if (connection === 'connecting' && state.who.value === null) return null;
  return (
    <>
      <Header state={state} signOut={signOut} />
      {state.status.value !== null && <OpenPage state={state} api={api} />}
    </>
  );
}

function OpenPage({ state, api }: Pick<ConsoleProps, 'state' | 'api'>) {
  const { path, subject } = state.place.value;
  const found = pages.find((page) => page.path === path && api.may(page.needs)) ?? pages[0];
  const title = found?.title ?? '';
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = title === '' ? 'Bellwether' : `${title} · Bellwether`;
    // Whoever came by a link goes on from the top of the new page, by keyboard and by ear.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [title, subject]);
  if (found === undefined) return null;
  const { Content } = found;
  return (
    <>
      <Navigation state={state} api={api} current={found.path} />
      <main ref={main} tabIndex={-1}>
        {/* Another subject is another page: no open question, and no answer that is still to come, is about the last one. */}
        <Content key={`${found.path}/${subject}`} state={state} api={api} subject={subject} />
      </main>
    </>
  );
}
