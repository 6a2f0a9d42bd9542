import { CodedError } from '@bellwether/shared/errors';

/** `inquiry-unordered`: the device has no order that could carry it. `inquiry-closed`: it was answered, or has run out. */
export type InquiryErrorCode = 'inquiry-unknown' | 'inquiry-limit' | 'inquiry-unordered' | 'inquiry-closed';

/** A question that cannot be asked, or is not there. */
export class InquiryError extends CodedError<InquiryErrorCode> {}
