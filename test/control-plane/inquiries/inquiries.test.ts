import { afterEach, beforeEach, expect, it } from 'vitest';
import { Inquiries } from '@bellwether/control-plane/inquiries/inquiries';
import { InquiryStoreSql } from '@bellwether/control-plane/inquiries/inquiry-store-sql';
import { maxInquiries } from '@bellwether/shared/contract/inquiry';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordedAudit } from '../../support/recorded-audit.js';
import { storedDevice } from '../../support/stored-device.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
});
afterEach(() => database.remove());

it('no more questions wait for a device than its order has room for, however many are asked at once', async () => {
  const device = storedDevice();
  const inquiries = new Inquiries({
    store: new InquiryStoreSql(database.kysely),
    fleet: { get: () => device },
    isOrdered: () => true,
    changed: async () => {},
    clock: new ManualClock(),
    audit: new RecordedAudit(),
  });
  const ask = () => inquiries.ask(device.id, { kind: 'logs' }, 'operator:ada');
  const asked = await Promise.allSettled(Array.from({ length: 6 }, ask));
  expect(asked.map(({ status }) => status)).toEqual([
    ...Array.from({ length: maxInquiries }, () => 'fulfilled'),
    'rejected',
    'rejected',
  ]);
  expect(inquiries.openOf(device.id)).toHaveLength(maxInquiries);
  await expect(ask()).rejects.toMatchObject({ code: 'inquiry-limit' });
});
