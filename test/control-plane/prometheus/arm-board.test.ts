import { describe, expect, it } from 'vitest';
import { ArmBoard, maxArms } from '@bellwether/control-plane/prometheus/arm-board';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import type { ArmWindow } from '@bellwether/shared/contract/window';
import { countOf } from '@bellwether/shared/evidence/histogram';
import { armFamilies } from '@bellwether/shared/prometheus/arm-families';
import { maxErrorCodes } from '@bellwether/shared/prometheus/arm-totals';
import { armOf, bytesOf, deviceId, windowOf } from '../../support/telemetry-messages.js';

const sites = new Map([[deviceId, { 'site.x': 'a' }]]);
function boardBy(labelKey?: string): ArmBoard {
  const labelsOf = (device: string) => sites.get(device) ?? {};
  const board = new ArmBoard({ isKnown: (model) => model === 'digits', labelKey, labelsOf });
  add(board, [armOf([1])]);
  expect(board.read().arms).toEqual([]);
  return board;
}

function add(board: ArmBoard, arms: readonly ArmWindow[], lateMs = 0): void {
  const decoded = decodeMessage(deviceId, 'window', bytesOf(windowOf({ arms: [...arms] })));
  if (decoded.kind === 'window') board.add(decoded.value, decoded.arms, decoded.value.wallEndMs + lateMs);
}

describe('the board of arms', () => {
  it('adds up by release and arm, whatever device it was, from the first question on', () => {
    const board = boardBy();
    add(board, [armOf([100, 200], { errors: { engine: 2 } }), armOf([300], { arm: 'canary', version: '1.1.0' })]);
    add(board, [armOf([400], { errors: { engine: 1, deadline: 4 } })]);
    const [requests, errors] = armFamilies(board.read().arms);
    expect(requests?.samples).toEqual([
      { labels: { model: 'digits', version: '1.1.0', arm: 'canary' }, value: 1 },
      { labels: { model: 'digits', version: '1.0.0', arm: 'stable' }, value: 3 },
    ]);
    const stable = { model: 'digits', version: '1.0.0', arm: 'stable' };
    expect(errors?.samples).toEqual([
      { labels: { ...stable, code: 'engine' }, value: 3 },
      { labels: { ...stable, code: 'deadline' }, value: 4 },
    ]);
  });

  it('tells them apart by a label of devices, where one is chosen', () => {
    const board = boardBy('site.x');
    add(board, [armOf([100])]);
    expect(armFamilies(board.read().arms)[0]?.samples[0]?.labels).toMatchObject({ label_site_x: 'a' });
  });

  it('keeps so many, those that it heard of last, and none that the catalogue does not know', () => {
    const board = boardBy();
    add(board, [armOf([1], { model: 'invented' })]);
    expect(board.read().arms).toEqual([]);
    for (let i = 0; i <= maxArms; i++)
      add(board, [armOf([1], { version: `1.0.${i}` }), armOf([1], { version: '1.0.0' })]);
    const versions = board.read().arms.map(({ labels }) => labels['version']);
    expect([versions.length, versions.includes('1.0.0'), versions.includes('1.0.1')]).toEqual([maxArms, true, false]);
  });

  it('tells so many codes of errors apart: a device may say any', () => {
    const board = boardBy();
    for (let i = 0; i < maxErrorCodes + 5; i++) add(board, [armOf([], { errors: { [`code-${i}`]: 2 } })]);
    const errors = board.read().arms[0]?.totals.errors;
    expect([errors?.size, errors?.get('code-0'), errors?.get('other')]).toEqual([maxErrorCodes + 1, 2, 10]);
  });

  it('counts how late windows come', () => {
    const board = boardBy();
    add(board, [], 90_000);
    add(board, [], -5000);
    const { delays } = board.read();
    expect([countOf(delays), delays.zero, delays.sum]).toEqual([2, 1, 90_000]);
  });
});
