"""Reads the latency histograms of windows, in microseconds (docs/telemetry.md has one worked through)."""
from base64 import b64decode
from math import ceil

def read(text):
    """zero, overflow, sum and the counts by bucket: number i holds what is above 2^(i/32) and up to 2^((i+1)/32)."""
    numbers, value, shift = [], 0, 0
    for byte in b64decode(text):  # LEB128: seven bits a byte, the lowest first
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    counts, bucket, rest = {}, 0, iter(numbers[3:])
    for number in rest:  # twice the count; odd: empty buckets lie before it, and the next number says how many
        bucket += next(rest) if number % 2 else 0
        counts[bucket] = number // 2
        bucket += 1
    return (*numbers[:3], counts)

def quantile(text, q):
    """The q-quantile within 1.1 %; None when nothing was measured. Of many histograms: add their numbers first."""
    zero, overflow, _sum, counts = read(text)
    total = zero + overflow + sum(counts.values())
    rank = min(total, max(1, ceil(q * total))) - zero
    if total == 0 or rank <= 0:
        return None if total == 0 else 0
    for bucket, count in counts.items():
        rank -= count
        if rank <= 0:
            return round(2 ** ((bucket + 0.5) / 32))
    return 2**32
