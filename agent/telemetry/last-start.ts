import type { EventKind } from '@bellwether/shared/contract/event';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';

const short = Type.String({ maxLength: 100 });

/** `last-start.json`: the machine's boot, and a digest of each setting, when the agent started last. */
export const LastStart = Type.Object(
  { version: Type.Literal(1), bootId: short, settings: Type.Record(short, short) },
  { additionalProperties: false },
);
export type LastStart = Static<typeof LastStart>;

export const compiledLastStart = Compile(LastStart);

/** What happened while no agent was there to see it. */
export interface StartNews {
  readonly kind: Extract<EventKind, 'host-rebooted' | 'settings-changed'>;
  readonly message: string;
}

/** A configuration as digests of its settings by name, `outbox.maxMb`; without the join token, which is used once. */
export function startOf(bootId: string, configuration: Readonly<Record<string, unknown>>): LastStart {
  const { joinToken: _, ...told } = configuration;
  const settings = leaves(told, '').map(([name, value]) => {
    return [name.slice(0, 100), sha256(Buffer.from(JSON.stringify(value))).slice(0, 16)] as const;
  });
  return { version: 1, bootId, settings: Object.fromEntries(settings) };
}

/** Undefined `before`: this is the first start that anybody remembers. */
export function newsBetween(before: LastStart | undefined, now: LastStart): readonly StartNews[] {
  if (before === undefined) return [];
  const news: StartNews[] = [];
  if (before.bootId !== now.bootId && now.bootId !== 'unknown') {
    news.push({
      kind: 'host-rebooted',
      message: `the machine has started again: boot ${now.bootId}, before ${before.bootId}`,
    });
  }
  const names = [...new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])].sort();
  const changed = names.filter((name) => before.settings[name] !== now.settings[name]);
  if (changed.length > 0) {
    const shown = changed.slice(0, 20).join(', ');
    const more = changed.length > 20 ? ` and ${changed.length - 20} more` : '';
    news.push({ kind: 'settings-changed', message: `the configuration on this device was changed: ${shown}${more}` });
  }
  return news;
}

function leaves(value: Readonly<Record<string, unknown>>, prefix: string): (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    return isGroup(inner) ? leaves(inner, name) : [[name, inner] as const];
  });
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
