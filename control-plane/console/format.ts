/** A rate per second, `12.3`; a dash where nothing was measured. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return '–';
  if (perSecond === 0) return '0';
  return perSecond >= 99.95 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

/** Milliseconds with their unit, `1.50 ms` or `1.20 s`; a dash where nothing was measured. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 9.995 ? `${ms.toFixed(ms >= 99.95 ? 0 : 1)} ms` : `${ms.toFixed(2)} ms`;
}

/** Percent, `2.5 %`; a dash where nothing was measured. */
export function formatPct(pct: number | null | undefined): string {
  if (pct === null || pct === undefined) return '–';
  return pct >= 9.95 || pct === 0 ? `${pct.toFixed(0)} %` : `${pct.toFixed(1)} %`;
}

/** Bytes in decimal units, `596 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 999_950_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** How long ago a moment was: `now`, `5 s ago`, `never`. A moment ahead of our clock is now. */
export function formatAgo(thenMs: number | null, nowMs: number): string {
  if (thenMs === null) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / 1000));
  if (seconds < 3) return 'now';
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}

/** Hours, minutes and seconds of the reader's own time zone, `09:05:03`. */
export function formatClock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB', { hourCycle: 'h23' });
}

/** A count with its thousands apart, `101,105`. */
export function formatNumber(count: number): string {
  return count.toLocaleString('en-GB');
}

/** `1 device`, `3 devices`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The name of a device and its fingerprint: an id is both, joined by its last dash. */
export function splitDeviceId(id: string): { readonly name: string; readonly fingerprint: string } {
  const cut = id.lastIndexOf('-');
  return cut < 1 ? { name: id, fingerprint: '' } : { name: id.slice(0, cut), fingerprint: id.slice(cut + 1) };
}

/** How long something still lasts, `3 days`: rounded down, so that it never seems longer. */
export function formatLeft(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 48) return formatCount(Math.floor(hours / 24), 'day');
  return hours >= 1 ? formatCount(hours, 'hour') : formatCount(Math.max(0, Math.floor(ms / 60_000)), 'minute');
}

/** Day and time of the reader's own time zone, `23 Nov 2026, 09:05`. */
export function formatDate(atMs: number): string {
  return new Date(atMs).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** When something was, as short as it can be told: the time of a moment of the last 20 hours, else day and time. */
export function formatWhen(atMs: number, nowMs: number): string {
  return nowMs - atMs < 72_000_000 ? formatClock(atMs) : formatDate(atMs);
}

/** Day and time to the second, `23 Nov 2026, 09:05:03`. */
export function formatMoment(atMs: number): string {
  return new Date(atMs).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** How long something takes, from seconds: `45 s`, `12 min`, `3.5 h`, `2.1 days`. */
export function formatDuration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}
