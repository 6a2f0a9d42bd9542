import { AccessPage } from './access-page.js';
import { openAlerts } from './alert-words.js';
import { AlertsPage } from './alerts-page.js';
import { ApprovalsPage } from './approvals-page.js';
import { AuditPage } from './audit-page.js';
import { DevicePage } from './device-page.js';
import { FleetPage } from './fleet-page.js';
import { JoiningPage } from './joining-page.js';
import type { Page } from './page.js';
import { RolloutsPage } from './rollouts-page.js';
import { waitingCount } from './waiting-count.js';

/** Every page, in the order of the navigation; the first is where one begins. A page more is a file and a row here. */
export const pages: readonly Page[] = [
  { path: '', title: 'Fleet', needs: 'GET /live', Content: FleetPage },
  {
    path: 'rollouts',
    title: 'Rollouts',
    needs: 'GET /rollouts',
    waiting: ({ status }) => status.value?.waitingRollouts.length ?? 0,
    Content: RolloutsPage,
  },
  {
    path: 'alerts',
    title: 'Alerts',
    needs: 'GET /alerts',
    waiting: ({ alerts }) => openAlerts(alerts.value).length,
    Content: AlertsPage,
  },
  { path: 'approvals', title: 'Approvals', needs: 'GET /releases', waiting: waitingCount, Content: ApprovalsPage },
  { path: 'joining', title: 'Joining', needs: 'GET /tokens', Content: JoiningPage },
  { path: 'access', title: 'Access', needs: 'GET /api-tokens', Content: AccessPage },
  { path: 'audit', title: 'Audit', needs: 'GET /audit/rows', Content: AuditPage },
  { path: 'devices', title: 'Device', needs: 'GET /devices/:id', isDetail: true, Content: DevicePage },
];
