import type { ArmWindow, Window, WireWindow } from './window.js';
import { monotonicStart } from './window.js';

/** Writes a window as it travels, version 2: without what is 0 or empty and mostly is. `decodeWindow` fills it in again. */
export function encodeWindow(window: Window): string {
  const { wallStartMs, clock, arms, rejected, shed, outbox, ...rest } = window;
  const waits = Object.fromEntries(Object.entries(outbox).filter(([, count]) => count !== 0));
  const wire: WireWindow = {
    ...rest,
    version: 2,
    ...(wallStartMs !== monotonicStart(window) && { wallStartMs }),
    ...(clock !== 'system' && { clock }),
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

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
