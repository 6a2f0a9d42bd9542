import type { Audit } from './audit/audit.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { Fleet } from './fleet/fleet.js';
import type { SessionTokens } from './fleet/session-token.js';
import { requireApproved } from './fleet/standing.js';
import type { TypedApp } from './http/typed-app.js';
import { answerRoutes } from './inquiries/answer-routes.js';
import { Inquiries } from './inquiries/inquiries.js';
import { inquiryRoutes } from './inquiries/inquiry-routes.js';
import { InquiryStoreSql } from './inquiries/inquiry-store-sql.js';

interface InquiryRooms {
  readonly fleet: Fleet;
  readonly audit: Audit;
  readonly isOrdered: (device: string) => boolean;
  readonly changed: (device: string) => Promise<void>;
  readonly tokens: () => SessionTokens;
}

/** What operators ask of devices: logs and diagnostics. */
export function buildInquiries({ database, clock }: ControlPlaneParts, rooms: InquiryRooms) {
  const { fleet, audit, isOrdered, changed, tokens } = rooms;
  const store = new InquiryStoreSql(database.kysely);
  const inquiries = new Inquiries({ store, fleet, isOrdered, changed, clock, audit });
  const admitDevice = async (token: string): Promise<string> => {
    const device = await tokens().verify(token, 'answers');
    requireApproved(device, fleet.get(device).standing);
    return device;
  };
  return {
    inquiries,
    deviceRoutes: (app: TypedApp): void => answerRoutes(app, { inquiries, admitDevice }),
    routes: (app: TypedApp): void => inquiryRoutes(app, { inquiries }),
  };
}
