import { onPreparedServer, type ServerAttack } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import {
  addOperator,
  ask,
  codeOfReply,
  consoleHeaders,
  loggedIn,
  type PeopleRequest,
  password,
} from '../support/people-on-server.js';
import type { ServerWorld } from '../support/server-world.js';

/** A change that a victim's browser is made to send, with the victim's cookie and these headers. */
function csrf(
  about: Pick<ServerAttack, 'id' | 'row' | 'control'>,
  headersOf: (world: ServerWorld) => PeopleRequest['headers'],
  patch: Patch,
): ServerAttack {
  return onPreparedServer({
    ...about,
    attacker: 'network',
    code: 'request-forged',
    patches: [patch],
    prepare: async (world) => {
      await addOperator(world, about.id);
      return loggedIn(world, about.id);
    },
    attack: async (world, cookie) =>
      codeOfReply(await ask(world, '/tokens', { headers: { cookie, ...headersOf(world) } })),
  });
}

const cookieModule = 'control-plane/http/session-cookie';

export const attacks: readonly ServerAttack[] = [
  csrf(
    {
      id: 'people-csrf-other-site',
      row: 'has a page of another site send a change with the cookie of whoever looks at it',
      control: 'the Origin is this very server (refuseForeign, control-plane/http/session-cookie.ts)',
    },
    (world) => ({ ...consoleHeaders(world), origin: 'https://evil.example' }),
    { module: cookieModule, guard: 'const isOwn = ', permissive: 'const isOwn = true || ' },
  ),
  csrf(
    {
      id: 'people-csrf-same-site',
      row: 'has a page of a sibling host, which counts as the same site for a cookie, send a change',
      control: 'the browser says same-origin (refuseForeign, control-plane/http/session-cookie.ts)',
    },
    (world) => ({ ...consoleHeaders(world), 'sec-fetch-site': 'same-site' }),
    { module: cookieModule, guard: "site === 'same-origin'", permissive: 'true' },
  ),
  csrf(
    {
      id: 'people-csrf-without-mark',
      row: 'has a browser send a change as a form or an image would, without the header that only the console’s script sets',
      control: 'the header x-bellwether-request (refuseForeign, control-plane/http/session-cookie.ts)',
    },
    ({ server }) => ({ origin: server.httpUrl }),
    { module: cookieModule, guard: "headers[requestMark] === 'console'", permissive: 'true' },
  ),
  onPreparedServer({
    id: 'people-csrf-login',
    row: 'has a page of another site log its visitor in to an account of its own, to watch what they do there',
    attacker: 'network',
    code: 'request-forged',
    control: 'a login for a browser is the console’s own (control-plane/operators/login-routes.ts)',
    patches: [
      {
        module: 'control-plane/operators/login-routes',
        guard: 'if (isSession)\n            refuseForeign',
        permissive: 'if (false)\n            refuseForeign',
      },
    ],
    prepare: (world) => addOperator(world, 'spy'),
    attack: async (world) => {
      const headers = { ...consoleHeaders(world), origin: 'https://evil.example' };
      return codeOfReply(await ask(world, '/logins', { headers, body: { name: 'spy', password, as: 'session' } }));
    },
  }),
  onPreparedServer({
    id: 'people-session-fixation',
    row: 'plants a cookie of its own in a browser, and shows it once its owner has logged in there',
    attacker: 'network',
    code: 'operator-token-invalid',
    control: 'a login makes a secret of its own (control-plane/operators/logins.ts, login-routes.ts)',
    patches: [
      {
        module: 'control-plane/operators/login-routes',
        guard: 'logins.enter(request.body, request.ip)',
        permissive: "logins.enter(request.body, request.ip, request.headers.cookie?.split('=')[1])",
      },
      {
        module: 'control-plane/operators/logins',
        guard: 'async enter({ name, password, as, label }, address) {',
        permissive: 'async enter({ name, password, as, label }, address, planted) {',
      },
      { module: 'control-plane/operators/logins', guard: '}, now);', permissive: '}, now, planted);' },
    ],
    prepare: async (world) => {
      const planted = `bw_session=${'planted'.repeat(6)}`;
      await addOperator(world, 'pinned');
      await loggedIn(world, 'pinned', planted);
      return planted;
    },
    attack: async (world, cookie) => codeOfReply(await ask(world, '/status', { method: 'GET', headers: { cookie } })),
  }),
];
