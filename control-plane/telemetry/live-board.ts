import type { Window } from '@bellwether/shared/contract/window';
import type { LiveFigures } from '../http/operator-api.js';
import { liveFigures, withWindow } from './live-figures.js';

/** What every device does right now, from its last windows. In memory only: after a restart the next window fills it. */
export class LiveBoard {
  readonly #windows = new Map<string, readonly Window[]>();

  add(window: Window): void {
    this.#windows.set(window.device, withWindow(this.#windows.get(window.device) ?? [], window));
  }

  of(device: string): LiveFigures | null {
    return liveFigures(this.#windows.get(device) ?? []);
  }
}
