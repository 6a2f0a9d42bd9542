import type { ServerAttack, ServerAttackSpec } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import { connectPacket, type RawLogin } from '../support/raw-mqtt.js';
import type { ServerWorld } from '../support/server-world.js';
import { bytesOf, windowOf } from '../support/telemetry-messages.js';

const anyId: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-login',
    guard: 'if (!ownsClientId(principal, clientId))',
    permissive: 'if (false)',
  },
];
const ownId = 'the client id is one’s own (ownsClientId, control-plane/messaging/broker-access.ts)';

const anyConnect: Patch = {
  module: 'control-plane/messaging/broker-aedes',
  guard: 'callback(refusal(packet), refusal(packet) === null)',
  permissive: 'callback(null, true)',
};
const plainConnect = 'what a CONNECT may ask for (refusal, control-plane/messaging/broker-aedes.ts)';

const nobodysWord: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'attempt.done(principal === undefined ? refused : null, principal !== undefined);',
    permissive: 'attempt.done(null, true);',
  },
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'if (!this.#isStillIn(handlers, client))',
    permissive: 'if (false)',
  },
];

/** Somebody connects under the victim’s client id: `passed` when the victim is thrown off. */
async function takeOver(world: ServerWorld, login: RawLogin): Promise<string> {
  const raw = await world.asStranger();
  const answer = await raw.ask(connectPacket(login));
  const broker = await world.brokerThatLetsIn(login.userName ?? '', login.password ?? '', login.clientId);
  raw.cut();
  if (answer === 'connack-0') return 'passed';
  return broker === undefined ? answer : `${broker} would let it in`;
}

/** Somebody logs in with their own credentials, and asks for what nobody gets. */
async function connectSo(world: ServerWorld, login: Partial<RawLogin>): Promise<string> {
  const token = await world.mallorysToken();
  const raw = await world.asStranger();
  const { id } = world.mallory;
  const answer = await raw.ask(connectPacket({ clientId: id, userName: id, password: token, ...login }));
  raw.cut();
  return answer === 'connack-0' ? 'passed' : answer;
}

const takeover = (id: string, about: Pick<ServerAttackSpec, 'row' | 'attack'>): ServerAttack =>
  onServer({ id, attacker: 'one device', code: 'connack-4', control: ownId, patches: anyId, ...about });

const offline = (mark: string) => bytesOf({ version: 1, state: 'offline', runId: windowOf().runId, mark }).toString();

export const attacks: readonly ServerAttack[] = [
  takeover('wire-takeover-device', {
    row: 'connects with its own session under the client id of another device, which would be thrown off',
    attack: async (world) => {
      const token = await world.mallorysToken();
      return takeOver(world, { clientId: world.victim.id, userName: world.mallory.id, password: token });
    },
  }),
  takeover('wire-takeover-by-consumer', {
    row: 'connects as a consumer under the client id of a device',
    attack: async (world) => {
      const { userName, password } = world.narrow;
      return takeOver(world, { clientId: world.victim.id, userName, password });
    },
  }),
  takeover('wire-takeover-consumer', {
    row: 'connects as a consumer under the client id of another consumer',
    attack: async (world) => {
      const { userName, password } = world.narrow;
      return takeOver(world, { clientId: 'consumer_lake', userName, password });
    },
  }),
  onServer({
    id: 'wire-takeover-other-token',
    row: 'shows its own session as that of another device',
    attacker: 'one device',
    code: 'connack-4',
    control: 'a session’s token is its device’s (SessionTokens.isFor, control-plane/fleet/session-token.ts)',
    patches: [
      {
        module: 'control-plane/fleet/session-token',
        guard: "(await this.verify(token, 'mqtt')) === device",
        permissive: "(await this.verify(token, 'mqtt')) !== ''",
      },
    ],
    attack: async (world) => {
      const token = await world.mallorysToken();
      return takeOver(world, { clientId: world.victim.id, userName: world.victim.id, password: token });
    },
  }),
  onServer({
    id: 'wire-takeover-no-credential',
    row: 'connects under the client id of a device with a password of its own, and leaves the will that the device is gone',
    attacker: 'network',
    code: 'connack-4',
    control:
      'who logs in, and is still in (BrokerAedes.#letIn and #isStillIn, control-plane/messaging/broker-aedes.ts)',
    patches: nobodysWord,
    attack: async (world) => {
      const will = { topic: world.victim.topic('presence'), payload: offline('guessed') };
      const login = { clientId: world.victim.id, userName: world.victim.id, password: 'guessed', will };
      const answer = await takeOver(world, login);
      return (await world.isHeard('guessed')) ? 'passed' : answer;
    },
  }),
  onServer({
    id: 'wire-will-for-another',
    row: 'leaves the last will that another device is gone, retained',
    attacker: 'one device',
    code: 'closed',
    control: `${plainConnect}, and who may publish what (BrokerAedes.#accept)`,
    patches: [
      anyConnect,
      {
        module: 'control-plane/messaging/broker-aedes',
        guard: 'void settle(this.#accept(handlers, client, packet), callback);',
        permissive: 'callback(null);',
      },
    ],
    attack: async (world) => {
      const will = { topic: world.victim.topic('presence'), payload: offline('last-will') };
      const answer = await connectSo(world, { will });
      const isBelieved = (await world.retained(world.victim.topic('presence'))).includes('last-will');
      return isBelieved || (await world.isHeard('last-will')) ? 'passed' : answer;
    },
  }),
  onServer({
    id: 'wire-empty-client-id',
    row: 'asks for a session that is kept, without a client id to find it by',
    attacker: 'one device',
    code: 'closed',
    control: `${plainConnect}, and the client id at login (control-plane/messaging/broker-login.ts)`,
    patches: [anyConnect, ...anyId],
    attack: (world) => connectSo(world, { clientId: '', clean: false }),
  }),
  onServer({
    id: 'wire-kept-session',
    row: 'asks the broker to keep its session, which grows while it is away',
    attacker: 'one device',
    code: 'closed',
    control: plainConnect,
    patches: [anyConnect],
    attack: (world) => connectSo(world, { clean: false }),
  }),
];
