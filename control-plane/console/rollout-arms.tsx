import type { ArmTotals, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { comparisonText, rateOf } from './arm-rates.js';
import { formatNumber } from './format.js';
import { LatencyChart } from './latency-chart.js';

const cellTexts: Readonly<Record<string, string>> = {
  error: 'errors',
  invalid: 'invalid answers',
  death: 'runner deaths',
  slow50: 'slow: beyond the median',
  slow90: 'slow: beyond p90',
  slow95: 'slow: beyond p95',
  slow99: 'slow: beyond p99',
  wrong: 'wrong, where the truth came',
};

interface ArmsProps {
  readonly arms: RolloutView['arms'];
  readonly colours: ReadonlyMap<string, string>;
}

/** Both arms side by side: the same requests fell to them by lot, so that what differs is the release. */
export function RolloutArms({ arms, colours }: ArmsProps) {
  if (arms === null) return null;
  const { stable, canary } = arms;
  const cells = Object.keys(cellTexts).filter((cell) => stable.bad[cell] !== undefined);
  return (
    <section aria-labelledby="arms-title">
      <h2 id="arms-title">Both arms</h2>
      <div class="arms">
        <div>
          <table class="comparison">
            <thead>
              <tr>
                <td />
                <th scope="col">
                  <Release arm={stable} name="stable" colours={colours} />
                </th>
                <th scope="col">
                  <Release arm={canary} name="canary" colours={colours} />
                </th>
                <th scope="col">canary to stable</th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">calls</th>
                <td class="number">{formatNumber(stable.calls)}</td>
                <td class="number">{formatNumber(canary.calls)}</td>
                <td />
              </tr>
              {cells.map((cell) => (
                <tr key={cell}>
                  <th scope="row">{cellTexts[cell]}</th>
                  <Rate arm={stable} cell={cell} />
                  <Rate arm={canary} cell={cell} />
                  <td class="number">{comparisonText(stable, canary, cell)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {cells.some((cell) => cell.startsWith('slow')) && (
            <p class="detail">
              Slow is, for stable, beyond its own quantiles on that device; for the canary beyond 1.2 times those: an
              equal release has fewer.
            </p>
          )}
        </div>
        {stable.compute === null || canary.compute === null ? (
          <p class="empty">No compute times of both arms in this step.</p>
        ) : (
          <LatencyChart arms={arms} colours={colours} />
        )}
      </div>
    </section>
  );
}

interface ReleaseProps {
  readonly arm: ArmTotals;
  readonly name: string;
  readonly colours: ArmsProps['colours'];
}

function Release({ arm, name, colours }: ReleaseProps) {
  return (
    <>
      {arm.release !== null && <i class="swatch" style={{ background: colours.get(arm.release) ?? '#7d8a84' }} />}
      {arm.release ?? name} <span class="detail">{name}</span>
    </>
  );
}

function Rate({ arm, cell }: { readonly arm: ArmTotals; readonly cell: string }) {
  const rate = rateOf(arm, cell);
  return (
    <td class="number">
      {formatNumber(arm.bad[cell] ?? 0)}
      {rate !== null && <span class="detail"> {(rate * 100).toFixed(2)} %</span>}
    </td>
  );
}
