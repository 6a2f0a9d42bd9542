import { request } from 'node:http';
import { CodedError } from '@bellwether/shared/errors';
import { printable } from '@bellwether/shared/printable';
import { type AgentStatus, decodeStatus } from '../status.js';

/** Nobody who is an agent answers on the socket. */
export class StatusError extends CodedError<'agent-unreachable'> {}

const timeoutMs = 5_000;

/** Asks the running agent; rejects with StatusError. */
export async function fetchStatus(socketPath: string): Promise<AgentStatus> {
  try {
    return decodeStatus(await get(socketPath, '/bellwether/status'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StatusError('agent-unreachable', `no agent answers on ${socketPath}: ${why}`, { cause });
  }
}

/** The status for people. */
export function describeStatus(status: AgentStatus): string {
  const { observed, outbox, models } = status;
  const lost = outbox.lostWindows + outbox.lostEvents;
  const order = observed === null ? 'none yet' : `epoch ${observed.epoch}, generation ${observed.generation}`;
  const refused = status.orderRefusal === null ? '' : `; the last one was refused: ${status.orderRefusal.code}`;
  const lines: readonly (readonly [string, string])[] = [
    ['device', status.device],
    ['fingerprint', status.fingerprint],
    ...describeNext(status.nextFingerprint),
    ['stage', `${status.stage}${status.development ? ' (DEVELOPMENT root: anybody may hold its keys)' : ''}`],
    ['state', `${status.state}, ${status.health}`],
    ['order', `${order}${refused}`],
    ['broker', describeUplink(status.uplink)],
    ['outbox', `${outbox.waiting} waiting (${outbox.bytes} bytes), ${lost} lost`],
    ...describeGovernor(status.governor),
    ['agent', `${status.agent.version}, Node ${status.agent.node}, ${status.agent.platform} ${status.agent.arch}`],
  ];
  // Versions, messages and reasons are others' words.
  const head = lines.map(([name, value]) => `${name.padEnd(12)} ${printable(value)}`);
  const body = models.length === 0 ? ['no model is ordered'] : models.map(describeModel);
  return [...head, '', ...body].join('\n');
}

function describeNext(fingerprint: string | null): readonly (readonly [string, string])[] {
  if (fingerprint === null) return [];
  return [['next key', `${fingerprint} (PENDING: an operator must agree to it)`]];
}

/** Of its own work; what applications ask for is not in it. */
function describeGovernor(governor: AgentStatus['governor']): readonly (readonly [string, string])[] {
  if (governor === undefined) return [];
  const { ceilingPct, ownCpuPct, shed } = governor;
  const used = ownCpuPct === null ? 'not measured yet' : `${ownCpuPct.toFixed(1)} % of a core`;
  const left = shed.length === 0 ? '' : `; LEFT OUT: ${shed.join(', ')}`;
  return [['own CPU', `${used}, at most ${ceilingPct} %${left}`]];
}

function describeUplink(uplink: AgentStatus['uplink']): string {
  if (uplink.connected) return `connected, ${uplink.url} (${uplink.encrypted ? 'TLS' : 'PLAINTEXT'})`;
  const isPending = uplink.why.includes('approval-pending');
  return isPending ? 'PENDING: an operator must approve the fingerprint above' : `not connected: ${uplink.why}`;
}

function describeModel({ model, serving, install, refusal }: AgentStatus['models'][number]): string {
  const now =
    serving === null
      ? `${model}: nothing serves`
      : `${model}: serves ${serving.version} since ${new Date(serving.sinceMs).toISOString()} (${serving.phase})`;
  const bytes = install?.totalBytes === undefined ? '' : `, ${install.bytes ?? 0} of ${install.totalBytes} bytes`;
  const next = install === null ? [] : [`${install.version} is ${install.phase}${bytes}`];
  const why = refusal === null ? [] : [`${refusal.version} ${refusal.code} (${refusal.kind}): ${refusal.message}`];
  return [now, ...next, ...why].map(printable).join('\n  ');
}

function get(socketPath: string, path: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, headers: { host: 'localhost' }, timeout: timeoutMs }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`status ${response.statusCode ?? 'unknown'}`));
      });
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.once('error', reject);
    call.end();
  });
}
