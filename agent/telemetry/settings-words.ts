import type { OrderSettings } from '@bellwether/shared/contract/order';

/** What of the settings in force became another, in words: `logLevel info → debug`; undefined when nothing did. */
export function settingsChange(before: OrderSettings, now: OrderSettings): string | undefined {
  const names = ['windowSeconds', 'governorCpuPct', 'logLevel'] as const;
  const changes = names.flatMap((name) =>
    before[name] === now[name] ? [] : [`${name} ${before[name] ?? 'local'} → ${now[name] ?? 'local'}`],
  );
  return changes.length === 0 ? undefined : changes.join(', ');
}
