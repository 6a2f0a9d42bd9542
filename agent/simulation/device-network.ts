import { EnrolmentError, type Session } from '../identity/enrolment.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { Repository } from '../trust/repository.js';

/** Whether one device has a network; what goes over it fails while it has none. */
export class DeviceNetwork {
  #isUp = true;

  get isUp(): boolean {
    return this.#isUp;
  }

  set(isUp: boolean): void {
    this.#isUp = isUp;
  }

  /** Opens a session while there is a network; rejects with EnrolmentError `network`. */
  async session(open: () => Promise<Session>): Promise<Session> {
    if (!this.#isUp) throw new EnrolmentError('network', 'the simulated network is down');
    return open();
  }

  /** Throws AdmissionRefusal `network` without one. */
  require(): void {
    if (!this.#isUp) throw new AdmissionRefusal('network', 'the simulated network is down');
  }

  /** The repository, as far as it can be reached. */
  repository(shared: Repository): Repository {
    return {
      refresh: async (request, signal) => {
        this.require();
        return shared.refresh(request, signal);
      },
    };
  }
}
