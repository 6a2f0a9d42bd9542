import type { EvidenceWindow, WireEvidenceWindow } from './evidence-window.js';
import type { ArmWindow, Window, WireWindow } from './window.js';
import { monotonicStart } from './window.js';

/** Writes a window as it travels, version 2: without what is 0 or empty and mostly is. `decodeWindow` fills it in again. */
export function encodeWindow(window: Window): string {
  const { wallStartMs, clock, evidence, arms, rejected, shed, outbox, ...rest } = window;
  const waits = counted(outbox);
  const wire: WireWindow = {
    ...rest,
    version: 2,
    ...(wallStartMs !== monotonicStart(window) && { wallStartMs }),
    ...(clock !== 'system' && { clock }),
    ...(evidence !== undefined && { evidence: evidence.map(sentEvidence) }),
    arms: arms.map(sentArm),
    ...(!isEmpty(rejected) && { rejected }),
    ...(shed.length > 0 && { shed }),
    ...(!isEmpty(waits) && { outbox: waits }),
  };
  return JSON.stringify(wire);
}

function sentArm(arm: ArmWindow): WireWindow['arms'][number] {
  const { segment, errors, invalid, classes, confidence, runnerDeaths, ...rest } = arm;
  return {
    ...rest,
    ...(segment > 0 && { segment }),
    ...(!isEmpty(errors) && { errors }),
    ...(invalid > 0 && { invalid }),
    ...(classes.length > 0 && { classes }),
    ...(confidence.length > 0 && { confidence }),
    ...(runnerDeaths > 0 && { runnerDeaths }),
  };
}

function sentEvidence({ labelled, cells, both, slowMicros, ...rest }: EvidenceWindow): WireEvidenceWindow {
  const labels = counted(labelled);
  return {
    ...rest,
    ...(!isEmpty(labels) && { labelled: labels }),
    cells: Object.fromEntries(Object.entries(cells).map(([cell, byArm]) => [cell, counted(byArm)])),
    ...(!isEmpty(both) && { both }),
    ...(!isEmpty(slowMicros) && { slowMicros }),
  };
}

/** Without what is 0. */
function counted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
