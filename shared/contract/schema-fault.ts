/** What a compiled TypeBox schema complains of. */
export type SchemaErrors = ReadonlyArray<{
  readonly instancePath: string;
  readonly message: string;
  readonly params: unknown;
}>;

/**
 * The error that helps whoever wrote the value, as the end of a sentence: ` at /steps/0/share: must be <= 100`.
 * Of a union each branch complains: a field that another branch knows is not unknown, and the branch that got furthest
 * is the one that was meant.
 */
export function schemaFault(all: SchemaErrors): string {
  const errors = all.filter(({ message }) => message !== 'schema is false' && !message.endsWith('anyOf'));
  const isKnown = (path: string) => errors.some(({ instancePath: at }) => at === path || at.startsWith(`${path}/`));
  const unknown = errors.find(({ instancePath, params }) => {
    const fields = unknownFieldsOf(params);
    return fields.length > 0 && !fields.some((field) => isKnown(`${instancePath}/${String(field)}`));
  });
  const faults = errors.filter(({ params }) => unknownFieldsOf(params).length === 0);
  const hasUnion = all.some(({ message }) => message.endsWith('anyOf'));
  const depth = hasUnion ? Math.max(0, ...faults.map(({ instancePath }) => depthOf(instancePath))) : 0;
  const first = unknown ?? faults.find(({ instancePath }) => depthOf(instancePath) >= depth) ?? all[0];
  if (first === undefined) return ': does not fit its schema';
  const { instancePath, message, params } = first;
  const at = instancePath === '' ? '' : ` at ${instancePath}`;
  if (first === unknown) return `${at}: unknown field ${unknownFieldsOf(params).slice(0, 5).join(', ')}`;
  const here = faults.filter((each) => each.instancePath === instancePath);
  const allowed = here.flatMap((each) => constantsOf(each.params));
  if (allowed.length < 2) return `${at}: ${message}`;
  const other = here.find((each) => constantsOf(each.params).length === 0)?.message.replace(/^must /, ', or ') ?? '';
  return `${at}: must be one of ${allowed.join(', ')}${other}`;
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function unknownFieldsOf(params: unknown): readonly unknown[] {
  if (typeof params !== 'object' || params === null || !('additionalProperties' in params)) return [];
  return Array.isArray(params.additionalProperties) ? params.additionalProperties : [];
}

function constantsOf(params: unknown): readonly string[] {
  if (typeof params !== 'object' || params === null) return [];
  if ('allowedValues' in params && Array.isArray(params.allowedValues)) return params.allowedValues.map(String);
  return 'allowedValue' in params ? [String(params.allowedValue)] : [];
}
