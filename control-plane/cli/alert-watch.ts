import type { Alert } from '@bellwether/shared/contract/alert';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { printableJson, printableLines } from '@bellwether/shared/printable';
import { Compile } from '@bellwether/shared/schema';
import { AlertList } from '../alerts/alert-api.js';
import { alertsText, watchText } from './alert-text.js';
import { connect, type ServerOptions, type VerbParts } from './verb.js';

const compiledList = Compile(AlertList);

/** How often the server is asked. */
const pollMs = 2000;

/** Prints that it watches, each alert that is not resolved, then each that changes, one line each (JSON: one document a line), until the process ends. */
export async function watchAlerts(options: ServerOptions, { terminal, clock }: VerbParts): Promise<void> {
  const connection = await connect(options);
  let told: ReadonlyMap<string, string> | undefined;
  let isAway = false;
  for (;;) {
    try {
      const { alerts } = await connection.get('/api/v1/alerts', compiledList);
      if (told === undefined && !options.json) terminal.out(`${watchText(alerts, options.server)}\n`);
      for (const alert of changedSince(told, alerts)) {
        terminal.out(options.json ? `${printableJson(alert)}\n` : `${printableLines(alertsText([alert], false))}\n`);
      }
      told = new Map(alerts.map((alert) => [alert.id, JSON.stringify(alert)]));
      isAway = false;
    } catch (error) {
      // A server that is away, as for an update, is asked again; it says so once.
      if (codeOf(error) !== 'network') throw error;
      if (!isAway) terminal.err(`${messageOf(error)}; asking again\n`);
      isAway = true;
    }
    await clock.sleep(pollMs);
  }
}

/** What is another since the last look, the oldest first; at the first look what is not resolved. */
export function changedSince(
  told: ReadonlyMap<string, string> | undefined,
  alerts: readonly Alert[],
): readonly Alert[] {
  const isNews = (alert: Alert): boolean =>
    told === undefined ? alert.state !== 'resolved' : told.get(alert.id) !== JSON.stringify(alert);
  return alerts.filter(isNews).toReversed();
}
