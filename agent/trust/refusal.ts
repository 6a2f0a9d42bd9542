import type { Refusal, RefusalCode } from '@bellwether/shared/contract/refusal';
import { CodedError } from '@bellwether/shared/errors';

/** A release or an order that this device refuses; nothing that runs has changed [T-6]. */
export class AdmissionRefusal extends CodedError<RefusalCode> {}

/** The refusal as it travels in reports and events. */
export function refusalOf(error: AdmissionRefusal): Refusal {
  return { code: error.code, message: error.message };
}
