import { Command } from 'commander';
import { addAlertVerbs } from './alert-verbs.js';
import { addApiTokenVerbs } from './api-token-verbs.js';
import { addAuditVerbs } from './audit-verbs.js';
import { addCatalogVerbs } from './catalog-verbs.js';
import { addConsumerVerbs } from './consumer-verbs.js';
import { addDeviceDecisionVerbs } from './device-decision-verbs.js';
import { addDeviceInquiryVerbs } from './device-inquiry-verbs.js';
import { addDevicePinVerbs } from './device-pin-verbs.js';
import { addDeviceVerbs } from './device-verbs.js';
import { addDriftVerb } from './drift-verb.js';
import { addEventVerb } from './event-verbs.js';
import { addKeysVerbs } from './keys-verbs.js';
import { addLoginVerbs } from './login-verbs.js';
import { addOperatorVerbs } from './operator-verbs.js';
import { programHelp, usageAsJson } from './program-help.js';
import { addReleaseVerbs } from './release-verbs.js';
import { addRolloutVerbs } from './rollout-verbs.js';
import { addSchemaVerb } from './schema-verb.js';
import { addServeVerb } from './serve-verb.js';
import { addStatusVerb } from './status-verb.js';
import { addTelemetryVerbs } from './telemetry-verbs.js';
import { addTokenVerbs } from './token-verbs.js';
import type { VerbParts } from './verb.js';
import { addVerdictVerbs } from './verdict-verbs.js';
import { addWebhookVerbs } from './webhook-verbs.js';

/** The whole command `bellwether`, verb by verb. Mistakes of usage are said, as JSON on demand, and thrown as CommanderError. */
export function buildProgram(parts: VerbParts, { asJson = false }: { readonly asJson?: boolean } = {}): Command {
  const program = new Command('bellwether')
    .description('Signed ONNX models on a fleet of edge devices.')
    .showHelpAfterError(asJson ? false : '(add --help for what it takes)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => parts.terminal.out(text),
      writeErr: (text) => parts.terminal.err(text),
      outputError: (text, write) => write(asJson ? usageAsJson(text) : text),
      getOutHelpWidth: () => parts.terminal.columns,
      getErrHelpWidth: () => parts.terminal.columns,
    })
    .addHelpText('after', programHelp)
    .exitOverride();
  addServeVerb(program, parts);
  addStatusVerb(program, parts);
  addDriftVerb(program, parts);
  addKeysVerbs(program, parts);
  addReleaseVerbs(program, parts);
  addCatalogVerbs(program, parts);
  const device = addDeviceVerbs(program, parts);
  addDeviceDecisionVerbs(device, parts);
  addDevicePinVerbs(device, parts);
  addDeviceInquiryVerbs(device, parts);
  addTokenVerbs(program, parts);
  addConsumerVerbs(program, parts);
  addRolloutVerbs(program, parts);
  addVerdictVerbs(program, parts);
  addEventVerb(program, parts);
  addTelemetryVerbs(program, parts);
  addSchemaVerb(program, parts);
  addAlertVerbs(program, parts);
  addWebhookVerbs(program, parts);
  addLoginVerbs(program, parts);
  addOperatorVerbs(program, parts);
  addApiTokenVerbs(program, parts);
  addAuditVerbs(program, parts);
  return program;
}
