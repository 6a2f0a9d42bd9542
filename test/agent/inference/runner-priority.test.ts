import { expect, it } from 'vitest';
import { mayTake } from '@bellwether/agent/inference/runner-priority-os';

const status = (capabilities: string) => `Name:\tnode\nCapEff:\t${capabilities}\nCapBnd:\t000001ffffffffff\n`;
const limits = (soft: string) =>
  `Max file locks   unlimited  unlimited  locks\nMax nice priority         ${soft}                   ${soft}\n`;
const none = '0000000000000000';

it.each([
  ['root, whatever the limit', 0, '000001ffffffffff', '0', true],
  ['CAP_SYS_NICE alone', 0, '0000000000800000', '0', true],
  ['every other capability', 0, '000001ffff7fffff', '0', false],
  ['nobody, without a limit that allows it', 0, none, '0', false],
  ['nobody with LimitNICE=+0', 0, none, '20', true],
  ['nobody with LimitNICE=+5, who would come back short of 0', 0, none, '15', false],
  ['nobody with LimitNICE=+5 who had 5', 5, none, '15', true],
  ['no limit at all', -5, none, 'unlimited', true],
])('takes its priority back: %s', (_, priority, capabilities, soft, may) => {
  expect(mayTake(priority, status(capabilities), limits(soft))).toBe(may);
});
