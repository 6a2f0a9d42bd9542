// npm run demo [-- --once] [--json FILE]
//
// The whole of Bellwether in a minute: a control plane and three agents as real processes, a signed model rolled out, a
// better one let in on evidence under load, a bad one caught and taken back, and three attacks by somebody who has the
// server. Real handwritten digits, no questions.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSplit } from '../examples/digits/digits.mjs';
import { attackTheFleet } from './demo/attacks.mjs';
import { canaryFigures, firstAnswersMs, outcomeText, rollOutOnEvidence, swapsOf } from './demo/canary.mjs';
import { drive } from './demo/driver.mjs';
import { Fleet } from './demo/fleet.mjs';
import { act, bold, check, dim, seconds, table, tell } from './demo/show.mjs';
import { accuracyText, summarize } from './demo/summary.mjs';

const requestsPerSecondPerDevice = 40;
const quietMs = 4000;
const examples = fileURLToPath(new URL('../examples/digits/', import.meta.url));

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'string' }, help: { type: 'boolean' } },
});
if (options.help) {
  console.log('npm run demo [-- --once] [--json FILE]\n\n  --once  end by itself; exit 0 only if all went as promised');
  process.exit(0);
}

const folder = await mkdtemp(join(tmpdir(), 'bellwether-demo-'));
const fleet = new Fleet(folder);
const interrupted = new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
let exitCode = 1;
try {
  const ended = await Promise.race([play(), interrupted.then(() => 'interrupted')]);
  exitCode = ended === 'interrupted' ? 130 : ended ? 0 : 1;
} catch (error) {
  console.error(`\nThe demo could not go on: ${error.message}\nIts logs are in ${folder}`);
} finally {
  await fleet.stop();
  if (exitCode !== 1) await rm(folder, { recursive: true, force: true });
}
process.exit(exitCode);

async function play() {
  const promises = [];
  const promise = (isKept, text) => promises.push(check(isKept, text));

  act('A control plane and three agents');
  await fleet.start();
  tell(`keys made: a publisher's, an approver's, and the server's own ${dim('(a development set)')}`);
  tell(`control plane at ${fleet.server.httpUrl}, MQTT at ${fleet.server.mqttUrl}`);
  tell(`${fleet.agents.map((agent) => agent.name).join(', ')} enrolled, each with a key of its own`);
  if (!options.once) tell(`watch it: ${bold(fleet.pageUrl)}`);

  act('digits@1.0.0: signed, approved by a second key, rolled out');
  await fleet.publishAndApprove(join(examples, '1.0.0'), 'digits@1.0.0');
  await fleet.rollOut('digits@1.0.0');
  promise((await fleet.servingEverywhere()) === 'digits@1.0.0', 'all three serve digits@1.0.0');

  const driver = drive({ digits: readSplit('stream'), perSecond: requestsPerSecondPerDevice });
  for (const agent of fleet.agents) driver.add(agent);
  tell(`real digits now go to every agent, ${requestsPerSecondPerDevice} a second each`);
  await fleet.pause(quietMs);
  tell(`digits@1.0.0 reads ${accuracyText(driver.outcomes, 'digits@1.0.0')} of them right`);

  act('digits@1.1.0: published, and let in on evidence under that load');
  const publishedMs = performance.now();
  await fleet.publishAndApprove(join(examples, '1.1.0'), 'digits@1.1.0');
  const good = await rollOutOnEvidence(fleet, 'digits@1.1.0');
  const servingMs = firstAnswersMs(driver.outcomes, 'digits@1.1.0', good.startMs);
  promise(
    good.rollout.phase === 'done' && (await fleet.servingEverywhere()) === 'digits@1.1.0',
    `all three serve digits@1.1.0, ${seconds(good.endMs - publishedMs)} after publishing began: ${outcomeText(good.rollout)}`,
  );
  await fleet.pause(quietMs / 2);
  tell(`digits@1.1.0 reads ${accuracyText(driver.outcomes, 'digits@1.1.0')} of them right`);

  act('digits@1.2.0: the best benchmark of the three, and not made for what these cameras see');
  await fleet.publishAndApprove(join(examples, '1.2.0'), 'digits@1.2.0');
  const bad = await rollOutOnEvidence(fleet, 'digits@1.2.0');
  const canary = await canaryFigures(bad, driver);
  promise(bad.rollout.phase === 'rolled-back', outcomeText(bad.rollout));
  promise(
    (await fleet.servingEverywhere()) === 'digits@1.1.0',
    `all three serve digits@1.1.0 alone, ${canary.rollbackMs} ms after the verdict`,
  );
  tell(`of ${canary.calls} calls of the canary apps had ${canary.canaryRequestsHarmed} worse answers than without it`);

  act('The server is compromised: its data folder, director, snapshot and timestamp keys');
  const refusals = await attackTheFleet({ fleet, examples, folder, promise });

  await fleet.pause(2000);
  if (options.once) await driver.stop();
  const telemetry = await fleet.telemetry();
  const figures = summarize({
    outcomes: driver.outcomes,
    swaps: swapsOf(good, servingMs),
    publishToServingMs: servingMs - publishedMs,
    canary: { ...canary, falseRollbacks: await fleet.rolledBackBut('digits@1.2.0') },
    refusals,
    telemetry,
    agentCpuPct: await fleet.agentCpuPct(),
  });

  act('What was promised');
  promise(figures.failedRequests === 0, `${figures.requests} requests, ${figures.failedRequests} failed`);
  promise(
    figures.accuracyAfter > figures.accuracyBefore,
    `accuracy ${figures.accuracyBefore} before, ${figures.accuracyAfter} after`,
  );
  promise(
    figures.windowsLost === 0 && figures.windowsReceived > 0,
    `${figures.windowsReceived} telemetry windows received, ${figures.windowsLost} lost`,
  );
  promise(figures.falseRollbacks === 0, `${figures.falseRollbacks} good releases taken back`);
  promise((await fleet.servingEverywhere()) === 'digits@1.1.0', 'every agent still serves digits@1.1.0');
  table(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);

  const isKept = promises.every(Boolean);
  if (!options.once) {
    console.log(`\n  The page stays open at ${bold(fleet.pageUrl)}\n  Ctrl-C ends everything.`);
    await interrupted;
    await driver.stop();
  }
  return isKept;
}
