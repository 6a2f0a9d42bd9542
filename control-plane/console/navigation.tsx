import type { FleetState } from './fleet-state.js';
import { pages } from './pages.js';
import { hrefOf } from './place.js';
import type { ServerApi } from './server-api.js';

interface NavigationProps {
  readonly state: FleetState;
  readonly api: ServerApi;
  /** The path of the page that is open. */
  readonly current: string;
}

/** Links to the pages that this person may see. */
export function Navigation({ state, api, current }: NavigationProps) {
  return (
    <nav aria-label="Pages">
      {pages
        .filter(({ needs, isDetail }) => isDetail !== true && api.may(needs))
        .map(({ path, title, waiting }) => {
          const count = waiting?.(state) ?? 0;
          return (
            <a key={path} href={hrefOf(path)} aria-current={path === current ? 'page' : undefined}>
              {title}
              {count > 0 && (
                <span class="count">
                  {count}
                  <span class="unseen"> waiting</span>
                </span>
              )}
            </a>
          );
        })}
    </nav>
  );
}
