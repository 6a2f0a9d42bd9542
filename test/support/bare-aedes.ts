import { createServer } from 'node:net';
import { Aedes } from 'aedes';

/** Its first message. */
export interface BareBroker {
  readonly port: number;
}

/** The main of a process with nothing but aedes and one subscriber in it, which counts: what a durable ingest is held against. */
const broker = await Aedes.createBroker({ concurrency: 5000 });
let received = 0;
broker.subscribe(
  'bw/v1/+/+/window',
  (_packet, done) => {
    received++;
    done();
  },
  () => {},
);
const server = createServer(broker.handle);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: (typeof address === 'object' ? address?.port : undefined) ?? 0 } satisfies BareBroker);
});
process.on('message', () => process.send?.({ received }));
process.on('disconnect', () => process.exit());
