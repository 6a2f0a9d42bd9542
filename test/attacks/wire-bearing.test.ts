import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPacket, packet, publishPacket, type RawMqtt, subscribePacket } from '../support/raw-mqtt.js';
import { ServerWorld } from '../support/server-world.js';

/** What the broker and its parser refuse by themselves: no guard of ours stands there, so there is no control. */
describe('a server that hears no MQTT', () => {
  let world: ServerWorld;
  let served: string;
  beforeAll(async () => {
    world = await ServerWorld.start();
    served = await world.served();
  });
  afterAll(() => world.stop());

  const said = async (raw: RawMqtt, ...bytes: readonly Uint8Array[]) => {
    const answer = await raw.ask(...bytes);
    raw.cut();
    return answer;
  };
  const hello = { clientId: 'pi-0123456789abcdef', userName: 'pi-0123456789abcdef', password: 'x' };

  it.each([
    ['publishes before it connects', publishPacket('bw/v1/s00/x/window', '{}')],
    ['subscribes before it connects', subscribePacket('#')],
    ['speaks another protocol', connectPacket({ ...hello, protocol: 'HTTP' })],
    ['speaks a version that does not exist', connectPacket({ ...hello, level: 9 })],
    ['sends a packet of type 0', packet(0x00, Buffer.alloc(2))],
    ['sends a length of four continued bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff])],
    ['sends a CONNECT that is cut off inside', packet(0x10, Buffer.from([0, 4, 0x4d, 0x51]))],
    [
      'asks for a will of QoS 3',
      packet(0x10, Buffer.from([0, 4]), Buffer.from('MQTT'), Buffer.from([4, 0x1e, 0, 0, 0, 0])),
    ],
  ])('closes a stranger that %s', async (_what, bytes) => {
    expect(await said(await world.asStranger(), bytes)).toMatch(/^(?:closed|connack-[125])$/);
    expect(await world.served()).toBe(served);
  });

  it.each([
    ['publishes with QoS 3', (id: string) => publishPacket(`bw/v1/x/${id}/window`, '{}', { qos: 3 })],
    ['connects twice', (id: string) => connectPacket({ clientId: id, userName: id, password: 'x' })],
    ['publishes on a wildcard', () => publishPacket('bw/v1/+/+/window', '{}')],
    ['publishes on no topic', () => publishPacket('', '{}')],
    ['publishes a thousand levels down', () => publishPacket('a/'.repeat(1000), '{}')],
    ['subscribes to nothing', () => packet(0x82, Buffer.from([0, 9]))],
  ])('closes a device that %s', async (_what, bytes) => {
    expect(await said(await world.asMallory(), bytes(world.mallory.id))).toBe('closed');
    expect(await world.served()).toBe(served);
  });

  it('lets a device in within seconds while five hundred guess passwords', async () => {
    const guesses = Array.from({ length: 500 }, async () =>
      said(await world.asStranger(), connectPacket({ ...hello, clientId: world.victim.id, userName: world.victim.id })),
    );
    expect(await world.isLetBackIn()).toBe(true);
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(['connack-4']));
    expect(await world.served()).toBe(served);
  });

  it('keeps one connection of a device that opens a hundred', async () => {
    const opened: RawMqtt[] = [];
    for (let i = 0; i < 100; i++) opened.push(await world.asMallory());
    await Promise.all(opened.slice(0, -1).map((raw) => raw.untilClosed()));
    expect(opened.at(-1)?.isClosed).toBe(false);
    opened.at(-1)?.cut();
    expect(await world.served()).toBe(served);
  });
});
