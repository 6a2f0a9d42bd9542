import { array, assert, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser } from '@bellwether/control-plane/console/event-stream';

function parse(...pieces: readonly string[]): Array<readonly [string, string]> {
  const events: Array<readonly [string, string]> = [];
  const parser = new EventStreamParser((name, data) => events.push([name, data]));
  for (const piece of pieces) parser.push(piece);
  return events;
}

describe('the parser of Server-Sent Events', () => {
  it('reads names and data, and takes one space after the colon', () => {
    expect(parse('event: device\ndata: {"a": 1}\n\nevent:rollout\ndata:  x\n\n')).toEqual([
      ['device', '{"a": 1}'],
      ['rollout', ' x'],
    ]);
  });

  it('joins lines of data, and names a nameless event message', () => {
    expect(parse('data: one\ndata\ndata: three\n\n')).toEqual([['message', 'one\n\nthree']]);
  });

  it('passes over comments, unknown fields and events without data', () => {
    expect(parse(': heartbeat\n\nid: 7\nretry: 10\nevent: empty\n\ndata: x\n\n')).toEqual([['message', 'x']]);
  });

  it('says nothing of an event that has not ended', () => {
    expect(parse('data: half')).toEqual([]);
    expect(parse('data: half\n')).toEqual([]);
  });

  it('reads the same whatever the pieces and the line ends', () => {
    const stream = 'event: a\r\ndata: ä\r\n\r\n: c\rdata: 1\rdata: 2\r\rdata: end\n\n';
    const whole = [
      ['a', 'ä'],
      ['message', '1\n2'],
      ['message', 'end'],
    ];
    assert(
      property(array(nat(stream.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        expect(parse(...at.slice(1).map((end, i) => stream.slice(at[i], end)))).toEqual(whole);
      }),
    );
  });
});
