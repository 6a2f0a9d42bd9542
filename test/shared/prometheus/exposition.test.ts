import { describe, expect, it } from 'vitest';
import { exposition } from '@bellwether/shared/prometheus/exposition';

describe('the text for Prometheus', () => {
  it('has each name once, with its help and type, before its samples', () => {
    const labels = { model: 'digits' };
    const text = exposition([
      { name: 'a_total', help: 'All of\nit, by \\.', type: 'counter', samples: [{ labels, value: 3 }] },
      { name: 'b', help: 'None.', type: 'gauge', samples: [] },
      {
        name: 'c_seconds',
        help: 'Times.',
        type: 'histogram',
        samples: [
          {
            labels,
            buckets: [
              [0.001, 2],
              [10, 5],
            ],
            count: 6,
            sum: 21.5,
          },
        ],
      },
    ]);
    expect(text.split('\n')).toEqual([
      '# HELP a_total All of\\nit, by \\\\.',
      '# TYPE a_total counter',
      'a_total{model="digits"} 3',
      '# HELP b None.',
      '# TYPE b gauge',
      '# HELP c_seconds Times.',
      '# TYPE c_seconds histogram',
      'c_seconds_bucket{model="digits",le="0.001"} 2',
      'c_seconds_bucket{model="digits",le="10"} 5',
      'c_seconds_bucket{model="digits",le="+Inf"} 6',
      'c_seconds_sum{model="digits"} 21.5',
      'c_seconds_count{model="digits"} 6',
      '',
    ]);
  });

  it('lets no label out of its quotes', () => {
    const samples = [{ labels: { site: 'a"} 1\nb{x="\\' }, value: Number.POSITIVE_INFINITY }];
    const text = exposition([{ name: 'a', help: '', type: 'gauge', samples }]);
    expect(text.split('\n')[2]).toBe('a{site="a\\"} 1\\nb{x=\\"\\\\"} +Inf');
  });
});
