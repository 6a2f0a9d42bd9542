import { describe, expect, it } from 'vitest';
import type { ToldAlert } from '@bellwether/control-plane/alerts/alerts';
import { newsFor, type WebhookFilter } from '@bellwether/control-plane/webhooks/webhook-filter';
import type { Alert, AlertSeverity } from '@bellwether/shared/contract/alert';
import { alertOf } from '../../support/operator-views.js';

const all: WebhookFilter = { severity: 'info', rules: [], labels: {}, changes: false };
const north = 'pi-0000000000000001';
const south = 'pi-0000000000000002';
const labelsOf = (device: string) => (device === north ? { site: 'north', hardware: 'pi4' } : { site: 'south' });

const told = (
  news: ToldAlert['news'],
  changes: Partial<Alert> = {},
  { filter = {}, before }: { readonly filter?: Partial<WebhookFilter>; readonly before?: AlertSeverity } = {},
) => {
  const alert = alertOf('a1', changes);
  return newsFor({ news, alert, devices: alert.named }, { filter: { ...all, ...filter }, before, labelsOf });
};

describe('a webhook', () => {
  it('is told of everything but other numbers where it asks for nothing less', () => {
    expect(told('opened')).toBe('alert.opened');
    for (const news of ['reopened', 'acknowledged', 'resolved'] as const) {
      expect(told(news, {}, { before: 'warning' })).toBe(`alert.${news}`);
    }
    expect(told('changed', {}, { before: 'warning' })).toBeUndefined();
    expect(told('changed', {}, { before: 'warning', filter: { changes: true } })).toBe('alert.changed');
  });

  it('is told of its severity and worse, as soon as an alert gets there', () => {
    const filter = { severity: 'critical' } as const;
    expect(told('opened', { severity: 'warning' }, { filter })).toBeUndefined();
    expect(told('changed', { severity: 'critical' }, { filter })).toBe('alert.opened');
    expect(told('changed', { severity: 'critical' }, { before: 'warning' })).toBe('alert.changed');
    expect(told('changed', { severity: 'warning' }, { before: 'critical' })).toBeUndefined();
  });

  it('is told of its rules', () => {
    const filter = { rules: ['drift' as const] };
    expect(told('opened', { rule: 'clone' }, { filter })).toBeUndefined();
    expect(told('opened', { rule: 'drift' }, { filter })).toBe('alert.opened');
  });

  it('is told of alerts that name a device with all its labels', () => {
    const filter = { labels: { site: 'north', hardware: 'pi4' } };
    expect(told('opened', { named: [south, north] }, { filter })).toBe('alert.opened');
    expect(told('opened', { named: [south] }, { filter })).toBeUndefined();
    // Each of them has one of the two.
    const either = { labels: { site: 'south', hardware: 'pi4' } };
    expect(told('opened', { named: [south, north] }, { filter: either })).toBeUndefined();
    expect(told('opened', { named: [] }, { filter })).toBeUndefined();
    const subject = { label: 'site=north' };
    expect(told('opened', { named: [], subject }, { filter: { labels: { site: 'north' } } })).toBe('alert.opened');
  });

  it('is told of an alert of so many devices that it does not name the one that counts', () => {
    const filter = { ...all, labels: { site: 'north' } };
    const wide = { news: 'opened', alert: alertOf('a1', { named: [south] }), devices: [south, north] } as const;
    expect(newsFor(wide, { filter, before: undefined, labelsOf })).toBe('alert.opened');
  });

  it('hears the end of what it heard of, and of nothing else', () => {
    expect(told('resolved', {}, { filter: { rules: ['clone'] }, before: 'warning' })).toBe('alert.resolved');
    expect(told('resolved')).toBeUndefined();
    expect(told('acknowledged')).toBeUndefined();
  });
});
