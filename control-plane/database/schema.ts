import type { Generated } from 'kysely';

/** The tables, for Kysely. JSON columns are text; times are milliseconds since 1970; `latest` migration: see migrations/. */
export interface Tables {
  join_tokens: {
    id: string;
    digest: string;
    labels: string;
    uses: number;
    uses_left: number;
    created_at_ms: number;
    expires_at_ms: number;
    /** `auto` or `approve`. */
    kind: string;
    revoked_at_ms: number | null;
  };
  devices: {
    id: string;
    public_key: string;
    labels: string;
    token_id: string;
    enrolled_at_ms: number;
    presence: string;
    presence_run_id: string | null;
    last_seen_ms: number | null;
    report: string | null;
    standing: string;
    /** JSON: public keys that the device had before. */
    former_keys: string;
    /** A key that waits for an operator's word. */
    next_key: string | null;
    /** What it ran on when it last said so: `6.1.0, Debian 12`. */
    system: Generated<string | null>;
  };
  /** Accounts that read telemetry over MQTT. */
  consumers: {
    id: Generated<number>;
    name: string;
    digest: string;
    /** JSON: kinds and labels. */
    granted: string;
    created_at_ms: number;
    revoked_at_ms: number | null;
  };
  orders: {
    device: string;
    epoch: number;
    generation: number;
    /** SHA-256 of what it orders: equal content needs no new generation. */
    content: string;
    /** SHA-256 of the signed payload, as the device reports it. */
    digest: string;
    /** JSON: the models part of the order. */
    models: string;
    envelope: Buffer;
    issued_at_ms: number;
  };
  rollouts: {
    number: Generated<number>;
    model: string;
    version: string;
    manifest: string;
    target: string;
    phase: string;
    created_at_ms: number;
    /** JSON, or null: why it is where it is, what took its place, how far its steps have come. */
    reason: string | null;
    superseded: string | null;
    course: string | null;
  };
  /** Devices in the cohorts of a rollout; JSON. */
  rollout_members: { rollout: number; device: string; body: string };
  /** Counters of a device in a rollout by segment; JSON. They add up. */
  evidence: { rollout: number; device: string; segment: string; body: string };
  /** Signed verdicts of rollouts; `file` is JSON text. */
  verdicts: { number: Generated<number>; rollout: number; at_ms: number; step: number; value: string; file: string };
  /** The evidence of harm at the looks that are kept; log_harm is its natural logarithm. */
  rollout_looks: { rollout: number; at_ms: number; step: number; log_harm: number };
  /** What the look showed that a rollout's last decision was made by; JSON. */
  rollout_sights: { rollout: number; body: string };
  /** What happened to rollouts, in sentences. */
  rollout_moments: { number: Generated<number>; rollout: number; at_ms: number; code: string; text: string };
  /** What a person has decided about a device's models: pinned, excluded, quarantined; JSON. `model` is empty for all of them. */
  device_holds: { device: string; model: string; body: string };
  /** The last look for drift at a release on a subject; kept is JSON, detectors see packed-drift.ts. */
  drift_looks: {
    subject: string;
    model: string;
    version: string;
    manifest: string;
    through: number;
    last_at_ms: number;
    kept: string;
    detectors: Buffer;
  };
  windows: {
    device: string;
    run_id: string;
    sequence: number;
    digest: string;
    arrived_at_ms: number;
    body: string;
  };
  /** Sums of many windows: see telemetry/roll-up.ts; JSON. */
  roll_ups: {
    level: string;
    scope: string;
    at_ms: number;
    model: string;
    version: string;
    arm: string;
    body: string;
  };
  /** Which windows of a run arrived: what is missing below `highest` is lost, or still on its way. */
  window_runs: { device: string; run_id: string; received: number; highest: number; began_ms: number };
  /** What devices say they dropped since they were installed; `forgotten`: what was missing of runs that are kept no more. */
  device_losses: { device: string; windows: number; events: number; forgotten: number };
  events: {
    id: Generated<number>;
    /** Empty: it is about no device. */
    device: string;
    /** Who says so: `device`, or a part of the server; `server-…` about a window or an event of the device. */
    source: string;
    run_id: string;
    sequence: number;
    digest: string;
    at_ms: number;
    arrived_at_ms: number;
    /** Where it stands in the timeline. */
    time_ms: number;
    kind: string;
    actor: string | null;
    model: string | null;
    release: string | null;
    rollout: string | null;
    label: string | null;
    code: string | null;
    message: string;
  };
  /** What the timeline has told of releases: 0 or 1. */
  releases_told: { release: string; staging: number; production: number; withdrawn: number };
  /** Messages set aside, with the reason. */
  rejected: {
    id: Generated<number>;
    device: string;
    what: string;
    reason: string;
    arrived_at_ms: number;
    body: Buffer;
  };
  /** Requests for approval, by release: `digits@1.0.0`. */
  promotions: {
    release: string;
    note: string | null;
    requested_at_ms: number;
    requested_by: string | null;
    rejected_at_ms: number | null;
    reason: string | null;
  };
  /** Alerts: `subject` is alertKey(), `body` JSON. */
  alerts: { number: Generated<number>; rule: string; subject: string; resolved_at_ms: number | null; body: string };
  /** `filter` is JSON. */
  webhooks: {
    number: Generated<number>;
    name: string;
    url: string;
    filter: string;
    salt: string;
    former_salt: string | null;
    former_until_ms: number | null;
    created_at_ms: number;
    failing_since_ms: number | null;
    disabled_at_ms: number | null;
    tried_at_ms: number | null;
    problem: string | null;
    lost: number;
  };
  /** What waits; of one webhook and alert in the order of `number`. */
  webhook_deliveries: {
    number: Generated<number>;
    webhook: number;
    id: string;
    alert: string;
    body: string;
    created_at_ms: number;
    next_at_ms: number;
    attempts: number;
    is_unreachable: number;
  };
  alert_silences: { number: Generated<number>; until_ms: number; body: string };
  /** Questions to devices, and the answer as JSON. */
  inquiries: {
    number: Generated<number>;
    id: string;
    device: string;
    kind: string;
    lines: number | null;
    asked_by: string;
    asked_at_ms: number;
    expires_at_ms: number;
    answered_at_ms: number | null;
    answer: string | null;
  };
  counters: { name: string; value: number };
  operators: { name: string; role: string; password: string | null; created_at_ms: number };
  credentials: {
    id: string;
    digest: string;
    kind: string;
    operator: string;
    label: string;
    role: string;
    created_at_ms: number;
    expires_at_ms: number | null;
  };
  audit_rows: {
    sequence: number;
    at_ms: number;
    actor: string;
    action: string;
    subject: string;
    /** JSON: names and numbers. */
    details: string;
    previous: string;
    digest: string;
  };
  /** Signed heads of the audit log, as JSON text. */
  audit_heads: { sequence: number; at_ms: number; envelope: string };
}
