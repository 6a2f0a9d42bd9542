// node webhook.mjs PORT SECRET: prints the alerts that `bellwether webhooks add` sends, each once, and only if they are signed.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const [port, secret] = process.argv.slice(2);
const seen = new Set(); // whoever runs for long forgets ids that are older than the tolerance
const server = createServer((request, response) => void text(request).then((body) => answer(request, response, body)));
function answer({ headers }, response, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
  const tag = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(`${id}.${at}.${body}`)
    .digest();
  const isMine = (each) => each.length === 47 && timingSafeEqual(Buffer.from(each.slice(3), 'base64'), tag);
  const isRecent = Math.abs(Date.now() / 1000 - Number(at)) < 300; // seconds: what is older may be a replay
  const isGood = isRecent && signatures.split(' ').some(isMine);
  if (isGood && !seen.has(id)) console.log(JSON.parse(body).type, JSON.parse(body).data.sentence ?? '');
  if (isGood) seen.add(id);
  response.writeHead(isGood ? 204 : 401).end();
}
server.listen(Number(port), '127.0.0.1', () => console.log('listening on', server.address().port));
