// node latency.mjs mqtt://HOST:PORT USER PASSWORD: calls and p99 of every window that comes, each once.
import { readFileSync } from 'node:fs';
import { inflateRawSync, inflateSync } from 'node:zlib';
import { connect } from 'mqtt';
import { quantile } from './histogram.mjs';

const [url, username, password] = process.argv.slice(2);
const client = connect(url, { clientId: username, username, password, protocolVersion: 4 });
const dictionary = readFileSync(new URL('compact.dictionary', import.meta.url));
const inflated = (body) => (body[0] === 0x78 ? inflateSync(body, { dictionary }) : inflateRawSync(body));
const seen = new Set(); // a window may come twice; whoever stores windows makes this a unique key
client.on('connect', () => client.subscribe('bw/v1/+/+/window', { qos: 1 }));
client.on('message', (_topic, body) => {
  const window = JSON.parse(body[0] === 0x7b ? body : inflated(body));
  const key = `${window.device} ${window.runId} ${window.sequence}`;
  for (const { model, version, arm, requests, total } of seen.has(key) ? [] : window.arms)
    console.log(`${window.device} ${model}@${version} ${arm} ${requests} calls, p99 ${quantile(total, 0.99)} us`);
  seen.add(key);
});
