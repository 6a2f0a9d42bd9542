import type { MutantRandom } from './mutant-random.js';

/** A file changed after it was signed. `isAmbiguous`: two readers could see two documents, so nobody may believe it. */
export interface ChangedText {
  readonly bytes: Uint8Array;
  readonly what: string;
  readonly isAmbiguous: boolean;
}

/** Changes the bytes of a signed file. */
export function changeText(bytes: Uint8Array, random: MutantRandom): ChangedText {
  const text = Buffer.from(bytes).toString('latin1');
  const at = random.below(Math.max(1, text.length));
  const changes: readonly (() => readonly [string, string | Uint8Array, boolean?])[] = [
    () => ['a flipped bit', flipped(bytes, at, 1 << random.below(8))],
    () => ['cut off', text.slice(0, at)],
    () => ['extended', `${text}${random.pick([' ', '\n', '\u0000', '{}', ','])}`],
    () => ['space between tokens', spaced(text, at)],
    () => ['a byte-order mark', `\u00ef\u00bb\u00bf${text}`],
    () => ['a key twice', twice(text, at, random), true],
    () => ['an escaped letter', escaped(text, at)],
    () => ['a number in another form', renumbered(text, random)],
    () => ['hex in capitals', recased(text, at)],
    () => ['a signature plus the group order', text.replace(/"sig":"([0-9a-f]{128})"/, plusGroupOrder)],
    () => ['__proto__', text.replace('{', '{"__proto__":{"threshold":1},'), true],
    () => ['deep nesting', text.replace('{', `{"deep":${'['.repeat(5000)}${']'.repeat(5000)},`), true],
    () => ['a signature doubled', text.replace(/("signatures":\[)(\{[^}]*\})/, '$1$2,$2')],
    () => ['signatures removed', text.replace(/"signatures":\[.*?\]/, '"signatures":[]')],
    () => ['one signature removed', text.replace(/("signatures":\[)\{[^}]*\},?/, '$1')],
    () => ['base64 without padding', text.replace(/={1,2}"/, '"')],
    () => ['base64 for URLs', text.replaceAll('+', '-').replaceAll('/', '_')],
    () => ['a lone surrogate', text.replace(/:"/, ':"\\ud800')],
    () => ['minus zero', text.replace(/:(\d)/, ':-$1')],
    () => ['an infinite number', text.replace(/:\d+/, ':1e400')],
  ];
  const [what, changed, isAmbiguous = false] = random.pick(changes)();
  const result = typeof changed === 'string' ? Buffer.from(changed, 'latin1') : changed;
  return { bytes: result, what, isAmbiguous: isAmbiguous && !Buffer.from(result).equals(bytes) };
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

/** After the next comma or colon: mostly between tokens, now and then inside a text. */
function spaced(text: string, at: number): string {
  const next = text.slice(at).search(/[,:{[]/);
  const place = next < 0 ? 1 : at + next + 1;
  return `${text.slice(0, place)} \t${text.slice(place)}`;
}

/** A member again, with another value, before or after the one that is signed. */
function twice(text: string, at: number, random: MutantRandom): string {
  const members = [...text.matchAll(/"([A-Za-z_-]+)":(\d+|"[^"]*"|true|false)/g)];
  const member = members[at % Math.max(1, members.length)];
  if (member === undefined) return text;
  const [whole, key = '', value = ''] = member;
  const other = `"${key}":${value.startsWith('"') ? '"other"' : '999'}`;
  const pair = random.chance(0.5) ? `${other},${whole}` : `${whole},${other}`;
  return `${text.slice(0, member.index)}${pair}${text.slice(member.index + whole.length)}`;
}

function escaped(text: string, at: number): string {
  const letter = /[a-z]/g;
  letter.lastIndex = at;
  const found = letter.exec(text);
  if (found === null) return text;
  const code = found[0].charCodeAt(0).toString(16).padStart(4, '0');
  return `${text.slice(0, found.index)}\\u${code}${text.slice(found.index + 1)}`;
}

function renumbered(text: string, random: MutantRandom): string {
  const numbers = [...text.matchAll(/:(\d+)(?=[,}])/g)];
  if (numbers.length === 0) return text;
  const found = random.pick(numbers);
  const digits = found[1] ?? '';
  const other = random.pick([`${digits}.0`, `${digits}e0`, `0${digits}`, `+${digits}`, `${digits}.0000000000000001`]);
  return `${text.slice(0, found.index)}:${other}${text.slice(found.index + 1 + digits.length)}`;
}

function recased(text: string, at: number): string {
  const found = /[0-9a-f]{64,}/.exec(text.slice(at)) ?? /[0-9a-f]{64,}/.exec(text);
  return found === null ? text : text.replace(found[0], found[0].toUpperCase());
}

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Of `"sig":"…"`: S and S + L sign the same message for a verifier that does not look. */
export function plusGroupOrder(_: string, sig: string): string {
  const s = BigInt(`0x${Buffer.from(sig.slice(64), 'hex').reverse().toString('hex')}`) + groupOrder;
  const raised = Buffer.from(s.toString(16).padStart(64, '0').slice(-64), 'hex').reverse().toString('hex');
  return `"sig":"${sig.slice(0, 64)}${raised}"`;
}
