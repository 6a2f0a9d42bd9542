import { DeviceApprovals } from './device-approvals.js';
import { KeyApprovals } from './key-approvals.js';
import type { PageProps } from './page.js';
import { ReleaseApprovals } from './release-approvals.js';
import { StagedReleases } from './staged-releases.js';

/** What waits for somebody's decision: releases, new devices, other keys of devices. */
export function ApprovalsPage({ state, api }: PageProps) {
  return (
    <>
      <ReleaseApprovals state={state} api={api} />
      <DeviceApprovals state={state} api={api} />
      <KeyApprovals state={state} api={api} />
      <StagedReleases state={state} api={api} />
    </>
  );
}
