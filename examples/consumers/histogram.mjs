// Reads the latency histograms of windows, in microseconds (docs/telemetry.md has one worked through).

/** zero, overflow, sum and the counts by bucket: number i holds what is above 2^(i/32) and up to 2^((i+1)/32). */
export function read(text) {
  const numbers = [0];
  let scale = 1;
  // LEB128: seven bits a byte, the lowest first.
  for (const byte of Buffer.from(text, 'base64')) {
    numbers[numbers.length - 1] += (byte & 127) * scale;
    scale = byte < 128 ? 1 : scale * 128;
    if (byte < 128) numbers.push(0);
  }
  const [zero, overflow, sum, ...rest] = numbers.slice(0, -1);
  const counts = new Map();
  // Twice the count; odd: empty buckets lie before it, and the next number says how many.
  for (let i = 0, bucket = 0; i < rest.length; i++, bucket++) {
    const count = Math.floor(rest[i] / 2);
    if (rest[i] % 2 === 1) bucket += rest[++i];
    counts.set(bucket, count);
  }
  return { zero, overflow, sum, counts };
}

/** The q-quantile within 1.1 %; null when nothing was measured. Of many histograms: add their numbers first. */
export function quantile(text, q) {
  const { zero, overflow, counts } = read(text);
  const total = [...counts.values()].reduce((sum, count) => sum + count, zero + overflow);
  let rank = Math.min(total, Math.max(1, Math.ceil(q * total))) - zero;
  if (total === 0 || rank <= 0) return total === 0 ? null : 0;
  for (const [bucket, count] of counts) {
    rank -= count;
    if (rank <= 0) return Math.round(2 ** ((bucket + 0.5) / 32));
  }
  return 2 ** 32;
}
