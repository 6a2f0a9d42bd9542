import type { ServerStatus } from '@bellwether/control-plane/http/status-api';
import { formatCount, formatLeft, splitDeviceId } from './format.js';
import { hrefOf } from './place.js';

/** Something that a person should see to. */
export interface AttentionNote {
  readonly tone: 'bad' | 'warning';
  readonly sentence: string;
  /** Where it is seen to. */
  readonly href?: string;
  /** What is run elsewhere to see to it. */
  readonly command?: string;
}

/** What waits for a person or is about to go wrong, the worst first. */
export function attentionNotes(
  {
    pending,
    waitingRollouts,
    clones,
    expiring,
    webhooks,
    telemetryShort,
  }: Pick<ServerStatus, 'pending' | 'waitingRollouts' | 'clones' | 'expiring' | 'webhooks' | 'telemetryShort'>,
  nowMs: number,
): readonly AttentionNote[] {
  const waiting = [
    ...(pending.releases.length > 0 ? [formatCount(pending.releases.length, 'release')] : []),
    ...(pending.devices.length > 0 ? [formatCount(pending.devices.length, 'new device')] : []),
    ...(pending.deviceKeys.length > 0 ? [formatCount(pending.deviceKeys.length, 'device key')] : []),
  ];
  return [
    ...clones.map(({ device }) => ({
      tone: 'bad' as const,
      sentence: `${splitDeviceId(device).name} has a clone: another machine holds its key, or it was set back.`,
      href: hrefOf('devices', device),
    })),
    ...expiring.map(({ role, expiresAtMs }) => ({
      tone: expiresAtMs <= nowMs ? ('bad' as const) : ('warning' as const),
      sentence:
        expiresAtMs <= nowMs
          ? `The signature of ${role} is no longer valid: devices install nothing new.`
          : `The signature of ${role} runs out in ${formatLeft(expiresAtMs - nowMs)}.`,
      // The server signs these two itself: that they are here says that it cannot.
      ...(role !== 'snapshot' && role !== 'timestamp' && { command: `bellwether keys renew ${role} --key …` }),
    })),
    ...webhooks.map(({ name, isDisabled, problem }) => ({
      tone: isDisabled ? ('bad' as const) : ('warning' as const),
      sentence: `The webhook ${name} ${isDisabled ? 'is disabled, so nobody is told of alerts there' : 'fails'}: ${problem}.`,
      command: `bellwether webhooks test ${name}`,
    })),
    ...(telemetryShort === null
      ? []
      : [
          {
            tone: 'warning' as const,
            sentence: `Windows of the last hour are deleted for want of room: ${telemetryShort.megabytes} MB are too little for this fleet.`,
            command: 'bellwether serve --telemetry-mb …',
          },
        ]),
    ...waitingRollouts.map(({ id, release, why }) => ({
      tone: 'warning' as const,
      sentence: `The rollout of ${release} waits for a person: ${why}.`,
      href: hrefOf('rollouts', id),
    })),
    ...(waiting.length === 0
      ? []
      : [
          {
            tone: 'warning' as const,
            sentence: `Waiting for approval: ${waiting.join(', ')}.`,
            href: hrefOf('approvals'),
          },
        ]),
  ];
}
