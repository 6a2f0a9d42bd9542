import { type Static, Type } from '@bellwether/shared/schema';
import type { TrustChange } from './trust-change.js';

const base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });

/** `POST /api/v1/catalog/trust`: signed files in base64, byte for byte what was signed. */
export const TrustChangeBody = Type.Object(
  {
    root: Type.Optional(base64),
    targets: Type.Optional(base64),
    roles: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,80}$' }), base64, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
export type TrustChangeBody = Static<typeof TrustChangeBody>;

/** A change as it travels. */
export function encodeTrustChange({ root, targets, roles }: TrustChange): TrustChangeBody {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    ...(root && { root: text(root) }),
    ...(targets && { targets: text(targets) }),
    roles: Object.fromEntries([...roles].map(([name, bytes]) => [name, text(bytes)])),
  };
}

/** A change out of a body that fits its schema. */
export function decodeTrustChange({ root, targets, roles }: TrustChangeBody): TrustChange {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return {
    ...(root !== undefined && { root: bytes(root) }),
    ...(targets !== undefined && { targets: bytes(targets) }),
    roles: new Map(Object.entries(roles).map(([name, text]) => [name, bytes(text)])),
  };
}
