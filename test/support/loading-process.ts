import { digitLoad } from './digit-load.js';
import { OpenLoop } from './open-loop.js';

/** Where to send digits, and how many a second. */
export interface LoadingSetup {
  readonly socketPath: string;
  readonly perSecond: number;
}

/** The main of a process that loads an agent with digits until it is let go: another application on the device. */
const { socketPath, perSecond } = JSON.parse(process.argv[2] ?? '') as LoadingSetup;
const loop = new OpenLoop(socketPath, digitLoad(1), perSecond);
process.on('disconnect', () => void loop.stop().then(() => process.exit()));
loop.start();
process.send?.({});
