import type { Alert } from '@bellwether/shared/contract/alert';
import { severityWords } from './alert-words.js';

const shapes = {
  critical: <path d="M5 0h6l5 5v6l-5 5H5l-5-5V5z" />,
  warning: <path d="M8 0l8 15H0z" />,
  info: <circle cx="8" cy="8" r="8" />,
} as const;

/** How bad an alert is: by its word, by its shape (octagon, triangle, circle; hollow once it is over), and by its colour. */
export function SeverityMark({ alert: { severity, state } }: { readonly alert: Pick<Alert, 'severity' | 'state'> }) {
  return (
    <span class={`severity ${severity}${state === 'resolved' ? ' over' : ''}`}>
      <svg viewBox="-1 -1 18 18" width="14" height="14" aria-hidden="true">
        {shapes[severity]}
      </svg>
      {severityWords[severity]}
    </span>
  );
}
