import { SimulationError } from './simulation-error.js';

/** What one join token lets in at the most: the server's bound, which a simulation does not lift. */
export const maxUsesPerToken = 100;

/** The token for the device with this number; throws SimulationError `too-few-tokens`. */
export function tokenFor(tokens: readonly string[], number: number): string {
  const token = tokens[Math.floor(number / maxUsesPerToken)];
  if (token !== undefined) return token;
  const needed = Math.floor(number / maxUsesPerToken) + 1;
  throw new SimulationError(
    'too-few-tokens',
    `${tokens.length} join tokens let in ${tokens.length * maxUsesPerToken} devices; ${needed} are needed, each with ${maxUsesPerToken} uses`,
  );
}
