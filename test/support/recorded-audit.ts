import type { AuditEntry, AuditTrail } from '@bellwether/control-plane/audit/audit-row';

/** An audit trail that keeps what it is told. */
export class RecordedAudit implements AuditTrail {
  readonly entries: AuditEntry[] = [];

  record(entry: AuditEntry): void {
    this.entries.push(entry);
  }

  async recordSoon(entry: AuditEntry): Promise<void> {
    this.record(entry);
  }
}
