import type { RolloutPreview } from '@bellwether/control-plane/http/rollout-preview-api';
import { formatCount, splitDeviceId } from './format.js';
import { hrefOf } from './place.js';

/** With the same reason more are counted, not named. */
const named = 12;

/** Devices that will not run it, or not at once, by why. */
export function CannotRun({ cannot }: Pick<RolloutPreview, 'cannot'>) {
  if (cannot.length === 0) return null;
  const reasons = [...new Set(cannot.map(({ why }) => why))];
  return (
    <>
      <h3>{formatCount(cannot.length, 'device')} cannot run it, or not now</h3>
      <ul class="rows">
        {reasons.map((reason) => {
          const devices = cannot.filter(({ why }) => why === reason);
          return (
            <li key={reason}>
              <div>
                <strong class="number">{devices.length}</strong> {reason}
              </div>
              <ul class="device-names">
                {devices.slice(0, named).map(({ device }) => (
                  <li key={device}>
                    <a href={hrefOf('devices', device)} title={device}>
                      {splitDeviceId(device).name}
                    </a>
                  </li>
                ))}
                {devices.length > named && <li class="detail">and {devices.length - named} more</li>}
              </ul>
            </li>
          );
        })}
      </ul>
    </>
  );
}
