import { CodedError } from '@bellwether/shared/errors';

/** `behaviour-invalid`: the file does not fit its schema. `too-few-tokens`: more devices than the join tokens let in. `tokens-unreadable`: no such file. */
export type SimulationErrorCode = 'behaviour-invalid' | 'too-few-tokens' | 'tokens-unreadable';

/** A fleet that cannot be simulated as asked. */
export class SimulationError extends CodedError<SimulationErrorCode> {}
