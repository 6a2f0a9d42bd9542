import type { RolloutRequest } from '@bellwether/control-plane/http/rollout-api';
import type { Refusal } from './server-api.js';

/** What a policy's text says, or why it says nothing. */
export type ReadPolicy = { readonly policy: NonNullable<RolloutRequest['policy']> } | { readonly refusal: Refusal };

/** The library is fetched when the first policy is read or written: few who open the console ever do. */
const library = () => import('yaml');

/** Reads YAML or JSON, as `bellwether rollout create --policy FILE` does. What it means is the server's to judge. */
export async function readPolicyText(text: string): Promise<ReadPolicy> {
  try {
    const { parse } = await library();
    const value: unknown = parse(text, { maxAliasCount: 0 });
    // A text would be the name of a preset.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { policy: value as NonNullable<RolloutRequest['policy']> };
    }
    return { refusal: { code: 'policy', message: 'A policy begins with `version: 1` and `steps:`.' } };
  } catch (error) {
    return { refusal: { code: 'policy', message: error instanceof Error ? error.message : String(error) } };
  }
}

/** A policy as a page to edit. */
export async function writePolicyText(policy: object): Promise<string> {
  const { stringify } = await library();
  return stringify(policy);
}
