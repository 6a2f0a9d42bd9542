import { beforeEach, describe, expect, it } from 'vitest';
import { SessionAudit } from '@bellwether/control-plane/fleet/session-audit';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';

const device = 'pi-0123456789abcdef';
let clock: ManualClock;
let audit: RecordedAudit;
let sessions: SessionAudit;
beforeEach(() => {
  clock = new ManualClock();
  audit = new RecordedAudit();
  sessions = new SessionAudit(audit, clock);
});

describe('the audit log has of a device’s sessions', () => {
  it('the first, and each from another network than the last', async () => {
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.9', '2001:db8::1', '2001:db8::2', '192.0.2.9']) {
      await sessions.opened(device, address);
    }
    expect(audit.entries.map(({ details }) => details?.['address'])).toEqual([
      '192.0.2.1',
      '192.0.2.9',
      '2001:db8::1',
      '192.0.2.9',
    ]);
    expect(audit.entries[0]).toMatchObject({ actor: `device:${device}`, action: 'session.open', subject: device });
  });

  it('one failure an hour, with the number of those that came since', async () => {
    for (let i = 0; i < 50; i++) await sessions.failed(device, '192.0.2.1', 'proof-invalid');
    await sessions.opened(device, '192.0.2.1');
    await sessions.failed(device, '192.0.2.1', 'proof-invalid');
    await clock.advance(60 * 60_000);
    await sessions.failed(device, '192.0.2.1', 'proof-invalid');
    expect(audit.entries.map(({ action, details }) => [action, details?.['unwritten']])).toEqual([
      ['session.fail', 0],
      ['session.open', undefined],
      ['session.fail', 50],
    ]);
    expect(audit.entries[0]).toMatchObject({ actor: 'anonymous', subject: device });
  });
});
