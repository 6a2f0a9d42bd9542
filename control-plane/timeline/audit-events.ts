import type { AuditRow } from '../audit/audit-row.js';
import type { TimelineEntry } from './timeline-entry.js';

/** What a decision is told as, and what its subject is. */
interface Telling {
  readonly kind: string;
  readonly about: 'device' | 'release' | 'rollout' | 'catalog';
  readonly say: (row: Pick<AuditRow, 'subject' | 'details'>) => string;
}

/**
 * Decisions that everybody may see who looks at the fleet. Those about people, their tokens and logins stay in the audit log, for
 * approvers; of rollouts the moments tell more than the log (rollout-events.ts).
 */
const tellings: ReadonlyMap<string, Telling> = new Map<string, Telling>([
  ['rollout.create', { kind: 'rollout-created', about: 'rollout', say: ({ details }) => createdText(details) }],
  ['order.issue', { kind: 'order-issued', about: 'device', say: ({ details }) => orderText(details) }],
  ['device.enrol', { kind: 'device-enrolled', about: 'device', say: ({ details }) => `${details['standing'] ?? ''}` }],
  ['device.approve', { kind: 'device-approved', about: 'device', say: () => 'let in' }],
  ['device.reject', { kind: 'device-rejected', about: 'device', say: () => 'not let in' }],
  ['device.decommission', { kind: 'device-decommissioned', about: 'device', say: () => 'put out for ever' }],
  ['device.pin', { kind: 'device-held', about: 'device', say: ({ details }) => heldText(details) }],
  ['device.unpin', { kind: 'device-freed', about: 'device', say: ({ details }) => `${details['model'] ?? ''}` }],
  ['device-key.request', { kind: 'device-key-requested', about: 'device', say: ({ details }) => keyText(details) }],
  ['device-key.approve', { kind: 'device-key-approved', about: 'device', say: ({ details }) => keyText(details) }],
  ['release.promote', { kind: 'approval-asked', about: 'release', say: ({ details }) => `${details['note'] ?? ''}` }],
  [
    'release.reject',
    { kind: 'approval-declined', about: 'release', say: ({ details }) => `${details['reason'] ?? ''}` },
  ],
  ['catalog.publish', { kind: 'role-signed', about: 'catalog', say: (row) => roleText(row) }],
  ['catalog.trust', { kind: 'trust-changed', about: 'catalog', say: ({ subject }) => `who may sign: ${subject}` }],
  [
    'catalog.online-key',
    { kind: 'trust-changed', about: 'catalog', say: ({ subject }) => `a successor of ${subject}` },
  ],
  ['catalog.collect', { kind: 'catalog-collected', about: 'catalog', say: ({ details }) => collectedText(details) }],
]);

/** A row of the audit log as the timeline tells it; undefined: it is no news there. */
export function auditEvent({ sequence, atMs, actor, action, subject, details }: AuditRow): TimelineEntry | undefined {
  const telling = tellings.get(action);
  if (telling === undefined) return undefined;
  const { kind, about, say } = telling;
  return {
    key: { source: 'audit', run: 'audit', sequence },
    kind,
    atMs,
    arrivedAtMs: atMs,
    actor,
    message: say({ subject, details }),
    ...(about === 'device' && { device: subject }),
    ...(about === 'rollout' && { rollout: subject }),
    release: about === 'release' ? subject : releaseOf(action, details),
  };
}

type Details = AuditRow['details'];

/** The one release that it is about. */
function releaseOf(action: string, details: Details): string | undefined {
  if (action === 'rollout.create') return String(details['release']);
  if (action !== 'order.issue') return undefined;
  const models = String(details['models']).split(' ');
  return models.length === 1 ? orderedRelease(models[0] ?? '') : undefined;
}

/** `digits@1.0.0+1.1.0:split:5%`: the canary is what the order is about. */
function orderedRelease(text: string): string | undefined {
  const [, model, stable, canary] = /^([^@]+)@([^+]+)(?:\+([^:]+):.*)?$/.exec(text) ?? [];
  return model === undefined || stable === undefined ? undefined : `${model}@${canary ?? stable}`;
}

function createdText({ to, policy }: Details): string {
  return `policy ${policy ?? ''}, to ${to === '{"all":true}' ? 'all devices' : (to ?? '')}`;
}

function orderText({ epoch, generation, models }: Details): string {
  return `generation ${epoch ?? 0}.${generation ?? 0}: ${models === '' ? 'no model' : (models ?? '')}`;
}

function heldText({ what, why }: Details): string {
  return why === '' ? `${what ?? ''}` : `${what ?? ''}: ${why ?? ''}`;
}

function keyText({ fingerprint }: Details): string {
  return `key ${fingerprint ?? ''}`;
}

function roleText({ subject, details }: Pick<AuditRow, 'subject' | 'details'>): string {
  return `${subject} ${details['version'] ?? ''}`;
}

function collectedText({ files, bytes }: Details): string {
  return `${files ?? 0} files of ${bytes ?? 0} bytes that nothing refers to were removed`;
}
