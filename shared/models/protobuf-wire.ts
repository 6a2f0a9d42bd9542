/** One field on the protobuf wire: a varint's `value` (wire 0), or where its bytes lie in the file (`start` to `end`). */
export interface ProtobufField {
  readonly number: number;
  readonly wire: 0 | 1 | 2 | 5;
  readonly value: bigint;
  readonly start: number;
  readonly end: number;
}

/** Bytes that are not protobuf. */
export class WireError extends Error {}

/** The fields of the message that lies from `start` to `end` (https://protobuf.dev/programming-guides/encoding). Groups are refused. Throws WireError. */
export function fieldsOf(file: Uint8Array, start: number, end: number): ProtobufField[] {
  const fields: ProtobufField[] = [];
  const place = { at: start };
  while (place.at < end) {
    const key = Number(takeVarint(file, place, end));
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw new WireError(`field number 0 at byte ${place.at}`);
    if (wire === 0) {
      fields.push({ number, wire, value: takeVarint(file, place, end), start: place.at, end: place.at });
    } else if (wire === 1 || wire === 2 || wire === 5) {
      const length = wire === 2 ? Number(takeVarint(file, place, end)) : wire === 1 ? 8 : 4;
      if (place.at + length > end) throw new WireError(`field ${number} at byte ${place.at} is cut off`);
      fields.push({ number, wire, value: 0n, start: place.at, end: place.at + length });
      place.at += length;
    } else {
      throw new WireError(`wire type ${wire} at byte ${place.at}`);
    }
  }
  return fields;
}

/** The varints that a packed repeated field holds, from `start` to `end`. Throws WireError. */
export function packedVarints(file: Uint8Array, start: number, end: number): bigint[] {
  const values: bigint[] = [];
  const place = { at: start };
  while (place.at < end) values.push(takeVarint(file, place, end));
  return values;
}

/** A varint read as int64. */
export function signedVarint(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

function takeVarint(file: Uint8Array, place: { at: number }, end: number): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = file[place.at];
    if (byte === undefined || place.at >= end) throw new WireError('a number is cut off');
    place.at++;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
  throw new WireError(`a number is too long at byte ${place.at}`);
}
