import { OpenInferenceError } from './open-inference-error.js';

/**
 * Most bytes of JSON in a request: parsing and checking so many takes 4–9 ms of the main loop, which has others to answer.
 * It is 50,000 numbers, an image of 224 × 224; more goes as binary tensors, which are not parsed at all.
 */
export const maxJsonBytes = 512 * 1024;

/** What the protocol needs is 5 levels and, with 64 tensors of 64 parameters each, 4,500 members. */
const maxDepth = 24;
const maxMembers = 5_000;

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/**
 * Refuses JSON that is quick to send and slow to parse: deep nesting and very many members. One look at each byte, before
 * the parser; what is no JSON at all is the parser's to refuse. Throws OpenInferenceError `malformed`.
 */
export function refuseSlowJson(json: Uint8Array): void {
  let depth = 0;
  let members = 0;
  let isText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (isText) {
      if (byte === backslash) i++;
      else if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (byte === colon) members++;
    // [ and {, ] and } differ in one bit: 0x5b 0x7b, 0x5d 0x7d.
    else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > maxDepth)
        throw new OpenInferenceError('malformed', `the JSON is nested deeper than ${maxDepth} levels`);
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  if (members > maxMembers) {
    throw new OpenInferenceError('malformed', `the JSON has ${members} members, more than ${maxMembers}`);
  }
}
