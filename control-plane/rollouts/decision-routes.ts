import { Type } from '@bellwether/shared/schema';
import type { AuditTrail } from '../audit/audit-row.js';
import {
  PromoteRequest,
  type RolloutAction,
  RolloutDecisionRequest,
  RolloutView,
  rolloutActions,
} from '../http/rollout-api.js';
import { actorOf } from '../http/route-guard.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Conductor } from './conductor.js';

const params = Type.Object({ id: Type.String({ maxLength: 40 }) });

const summaries: Readonly<Record<RolloutAction, string>> = {
  approve: 'Lets the step begin that waits for it',
  pause: 'Lets no further step and no further device begin; harm still takes the release back',
  resume: 'Goes on; the failures and reasons that there are have been seen',
  abort: 'Ends it: devices go back to the release before, or keep what they have',
  retry: 'Asks the devices that failed to try again',
  promote: 'Passes the current step without its evidence',
  rollback: 'Takes the release back from every device',
};

interface DecisionRouteParts {
  readonly conductor: Conductor;
  readonly audit: AuditTrail;
}

/** `POST /rollouts/:id/approve|pause|resume|abort|retry|promote|rollback`. */
export function decisionRoutes(app: TypedApp, { conductor, audit }: DecisionRouteParts): void {
  for (const action of rolloutActions) {
    const body = action === 'promote' ? PromoteRequest : RolloutDecisionRequest;
    const schema = { summary: summaries[action], tags: ['rollouts'], params, body, response: { 200: RolloutView } };
    // An approval in a policy is there for another pair of eyes.
    const access = action === 'approve' ? 'approver' : 'operator';
    app.post(`/rollouts/:id/${action}`, { config: { access }, schema }, async (request, reply) => {
      const said: RolloutDecisionRequest = request.body;
      const { why = null, keep = false, all = false, step } = said;
      const by = actorOf(request);
      const rollout = await conductor.decide(request.params.id, { action, by, why, keep, all }, step);
      const details = { release: rollout.release, keep: String(keep), all: String(all), why: why ?? '' };
      audit.record({ actor: by, action: `rollout.${action}`, subject: rollout.id, details });
      return reply.send(rollout);
    });
  }
}
