import { FleetError } from './fleet-error.js';

/** Where a device stands with the people who run the fleet [T-10, T-11]. */
export const standings = ['pending', 'approved', 'rejected', 'decommissioned'] as const;
export type Standing = (typeof standings)[number];

/** What an operator decides about a device. */
export type Decision = 'approve' | 'reject' | 'decommission';

/**
 * Where each decision leads; a hole is a decision that cannot be taken. Taking one twice changes nothing. A rejected
 * device may still be let in; a decommissioned one never comes back, whoever asks.
 */
const edges: Readonly<Record<Standing, Partial<Readonly<Record<Decision, Standing>>>>> = {
  pending: { approve: 'approved', reject: 'rejected', decommission: 'decommissioned' },
  approved: { approve: 'approved', decommission: 'decommissioned' },
  rejected: { approve: 'approved', reject: 'rejected', decommission: 'decommissioned' },
  decommissioned: { decommission: 'decommissioned' },
};

/** The standing after a decision; throws FleetError `standing-conflict`. */
export function standingAfter(device: string, standing: Standing, decision: Decision): Standing {
  const next = edges[standing][decision];
  if (next === undefined) {
    throw new FleetError('standing-conflict', `${device} is ${standing}: ${decision} is no way on from there`);
  }
  return next;
}

/** Throws FleetError `approval-pending`, `device-rejected` or `device-decommissioned` unless the device is approved. */
export function requireApproved(device: string, standing: Standing): void {
  switch (standing) {
    case 'approved':
      return;
    case 'pending':
      throw new FleetError('approval-pending', `${device} waits for an operator's approval`);
    case 'rejected':
      throw new FleetError('device-rejected', `an operator has rejected ${device}`);
    case 'decommissioned':
      throw new FleetError('device-decommissioned', `${device} has been decommissioned, and its key with it`);
  }
}
