import type { Machine } from '@bellwether/shared/contract/report';

/** What a machine runs on, as changes of it are told: `6.1.0-28-arm64, Debian GNU/Linux 12`. */
export function systemOf({ kernel, os }: Pick<Machine, 'kernel' | 'os'>): string {
  return `${kernel}, ${os}`;
}
