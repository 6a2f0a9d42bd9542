// Asks an agent which digit an image of the stream shows, over its unix socket:
//   node examples/clients/client.mjs SOCKET [INDEX]
import { once } from 'node:events';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { digitOf, imageOf, readSplit } from '../digits/digits.mjs';

const [socketPath, index = '0'] = process.argv.slice(2);
const data = [...imageOf(readSplit('stream'), Number(index))];
const body = JSON.stringify({ inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }] });
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
const call = request({ socketPath, method: 'POST', path: '/v2/models/digits/infer', headers }).end(body);
const [response] = await once(call, 'response');
const answer = await json(response);
if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${answer.error}`);
const logits = answer.outputs.find((output) => output.name === 'logits').data;
console.log(`${digitOf(logits)}, says digits@${answer.model_version}`);
