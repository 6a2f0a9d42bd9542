import type { DeviceView } from '@bellwether/control-plane/http/operator-api';

/** A device's condition: one word, and what to know about it. */
export interface Health {
  readonly level: 'good' | 'warning' | 'bad' | 'off';
  readonly word: string;
  readonly detail: string;
}

/** Judges by presence and the last report. A device that keeps serving after a refusal is not ill: it has been guarded. */
export function healthOf({ standing, presence, report }: Pick<DeviceView, 'standing' | 'presence' | 'report'>): Health {
  if (standing === 'pending') return { level: 'warning', word: 'waiting', detail: 'for an operator’s approval' };
  if (standing !== 'approved') return { level: 'off', word: standing, detail: '' };
  if (presence === 'offline') return { level: 'off', word: 'offline', detail: '' };
  if (presence === 'never' || report === null) return { level: 'off', word: 'joined', detail: 'no report yet' };
  const detail = refusalOf(report);
  if (report.health === 'critical') return { level: 'bad', word: 'critical', detail };
  if (report.health === 'degraded') return { level: 'warning', word: 'degraded', detail };
  if (detail !== '') return { level: 'warning', word: 'guarded', detail };
  return { level: 'good', word: report.state === 'working' ? 'installing' : 'healthy', detail };
}

function refusalOf({ orderRefusal, models }: NonNullable<DeviceView['report']>): string {
  if (orderRefusal !== null) return `order refused: ${orderRefusal.code}`;
  const { model, refusal } = models.find((each) => each.refusal !== null) ?? {};
  return refusal ? `${model}@${refusal.version} refused: ${refusal.code}` : '';
}
