import { checkSchema } from '@bellwether/shared/contract/decode';
import { CodedError, messageOf } from '@bellwether/shared/errors';
import { deviceNamePattern, hex64Pattern } from '@bellwether/shared/ids';
import { Compile, Default, type Static, Type } from '@bellwether/shared/schema';
import { parse as parseYaml } from '@bellwether/shared/yaml';
import { RunnerUser } from './inference/runner-user.js';

const strict = { additionalProperties: false } as const;
const url = (description: string) => Type.String({ pattern: '^https?://', maxLength: 500, description });
const path = (description: string) => Type.String({ minLength: 1, maxLength: 1000, description });
/** A group of fields that is there with its defaults when it is left out. */
const group = <T extends Parameters<typeof Type.Object>[0]>(fields: T) =>
  Type.Object(fields, { ...strict, default: {} });

/** Every setting: type, bound, default, and its unit in the name. What an order may change is in shared/contract/order.ts and nowhere else [T-5]. */
export const AgentConfig = Type.Object(
  {
    name: Type.String({ pattern: deviceNamePattern, description: 'what operators call this device' }),
    stateFolder: Type.String({ minLength: 1, default: '/var/lib/bellwether-agent', description: 'owned by one agent' }),
    server: Type.Object({ url: url('the control plane') }, strict),
    mqtt: group({
      url: Type.Optional(
        Type.String({ pattern: '^(?:mqtts?|wss?)://', maxLength: 500, description: 'default: what the server says' }),
      ),
    }),
    proxy: group({
      http: Type.Optional(url('for http: URLs; default: HTTP_PROXY')),
      https: Type.Optional(url('for https: URLs and MQTT; default: HTTPS_PROXY')),
      noProxy: Type.Optional(Type.String({ maxLength: 4000, description: 'hosts without one; default: NO_PROXY' })),
    }),
    tls: group({ caFile: Type.Optional(path('PEM; trusted instead of the well-known authorities')) }),
    artefacts: group({ url: Type.Optional(url('the artefact plane; default: server.url')) }),
    joinToken: Type.Optional(Type.String({ minLength: 16, maxLength: 200, description: 'for the first start' })),
    joinTokenFile: Type.Optional(path('holds the join token')),
    root: Type.Object(
      {
        file: Type.Optional(path('the pinned root.json')),
        sha256: Type.Optional(Type.String({ pattern: hex64Pattern, description: 'digest of the pinned 1.root.json' })),
      },
      { ...strict, minProperties: 1, maxProperties: 1 },
    ),
    allowDevelopment: Type.Boolean({ default: false, description: 'take a root that is marked development' }),
    stage: Type.Enum(['staging', 'production'], { default: 'production' }),
    onNoAllowedRelease: Type.Enum(['keep', 'stop'], { default: 'keep' }),
    localApi: group({
      socketPath: Type.Optional(path('default: <stateFolder>/run/agent.sock')),
      loopbackPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
      tokenFile: Type.Optional(path('default: <stateFolder>/run/api.token')),
      metrics: Type.Boolean({ default: false, description: 'GET /metrics for Prometheus' }),
    }),
    windowSeconds: Type.Integer({ minimum: 1, maximum: 3600, default: 60 }),
    telemetry: group({
      encoding: Type.Enum(['json', 'deflate'], { default: 'json', description: 'deflate: half the bytes' }),
    }),
    governor: group({
      cpuPct: Type.Integer({
        minimum: 1,
        maximum: 100,
        default: 15,
        description: "of one core, for the agent's own work; an order may lower it",
      }),
    }),
    limits: group({
      queueLength: Type.Integer({ minimum: 1, maximum: 10_000, default: 64 }),
      deadlineMs: Type.Integer({ minimum: 10, maximum: 600_000, default: 10_000 }),
      drainMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 30_000 }),
      bodyMb: Type.Integer({ minimum: 1, maximum: 1024, default: 64 }),
      runnerMemoryMb: Type.Integer({ minimum: 16, maximum: 65_536, default: 4096 }),
      canaryFloorMb: Type.Integer({
        minimum: 0,
        maximum: 65_536,
        default: 128,
        description: 'of available memory; below it a canary goes. 0: never',
      }),
      runnerStartMs: Type.Integer({ minimum: 1000, maximum: 3_600_000, default: 120_000 }),
      diskReserveMb: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 256 }),
      downloadAttempts: Type.Integer({ minimum: 1, maximum: 1000, default: 10 }),
      downloadBytesPerSecond: Type.Integer({ minimum: 0, default: 0, description: '0: no cap' }),
      downloadStallMs: Type.Integer({ minimum: 100, maximum: 600_000, default: 30_000 }),
    }),
    probation: group({
      minutes: Type.Number({ minimum: 0, maximum: 1440, default: 10 }),
      calls: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 100 }),
      maxHours: Type.Number({ exclusiveMinimum: 0, maximum: 168, default: 24 }),
    }),
    outbox: group({
      maxMb: Type.Integer({ minimum: 1, maximum: 10_000, default: 64 }),
      maxDays: Type.Integer({ minimum: 1, maximum: 365, default: 28 }),
      backfillPerSecond: Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 5,
        description: 'windows that waited long; the newest 32 and events go at once',
      }),
      backfillSpreadSeconds: Type.Integer({ minimum: 0, maximum: 3600, default: 60 }),
    }),
    logLevel: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }),
    spareRunner: Type.Boolean({
      default: false,
      description: 'one runner process kept ready: quicker swaps, more memory',
    }),
    runnerUser: Type.Optional(RunnerUser),
    startSpreadMs: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 2000 }),
  },
  strict,
);
/** The parsed configuration, frozen; every default is in it. */
export type AgentConfig = Readonly<Static<typeof AgentConfig>>;

export type ConfigErrorCode = 'config-unreadable' | 'config-malformed' | 'config-invalid';

/** A configuration that the agent does not start with; the message names the field. */
export class ConfigError extends CodedError<ConfigErrorCode> {}

const compiled = Compile(AgentConfig);

/** Reads a configuration file's text (YAML 1.2, and so JSON) and `BELLWETHER_…` variables, which win. Throws ConfigError. */
export function parseConfig(text: string, environment: Readonly<Record<string, string | undefined>>): AgentConfig {
  const fromFile = parseFile(text);
  const standard = { proxy: proxyVariables(environment) };
  const value = merge(merge(standard, fromFile), variablesOf(AgentConfig.properties, environment, 'BELLWETHER'));
  let config: AgentConfig;
  try {
    config = checkSchema(compiled, Default(AgentConfig, value), 'configuration');
  } catch (cause) {
    throw new ConfigError('config-invalid', messageOf(cause), { cause });
  }
  if (config.joinToken !== undefined && config.joinTokenFile !== undefined) {
    throw new ConfigError('config-invalid', 'configuration: joinToken and joinTokenFile exclude each other');
  }
  return freeze(config);
}

/** Where applications, and `bellwether-agent status`, reach the agent. */
export function socketPathOf({
  localApi,
  stateFolder,
}: Pick<AgentConfig, 'stateFolder'> & { readonly localApi: Pick<AgentConfig['localApi'], 'socketPath'> }): string {
  return localApi.socketPath ?? `${stateFolder}/run/agent.sock`;
}

function parseFile(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseYaml(text, { prettyErrors: true });
  } catch (cause) {
    throw new ConfigError('config-malformed', `configuration is not YAML: ${messageOf(cause)}`, { cause });
  }
  if (!isGroup(value)) throw new ConfigError('config-malformed', 'configuration is not a map of settings');
  return value;
}

/** The settings that variables give: `BELLWETHER_LIMITS_DRAIN_MS` is `limits.drainMs`. Other tools' variables are not ours to judge. */
function variablesOf(
  fields: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(fields)) {
    if (!isGroup(schema)) continue;
    const variable = `${prefix}_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const text = environment[variable];
    if (isGroup(schema['properties'])) {
      const inner = variablesOf(schema['properties'], environment, variable);
      if (Object.keys(inner).length > 0) found[name] = inner;
    } else if (text !== undefined) {
      found[name] = fromText(text, schema['type']);
    }
  }
  return found;
}

/** What does not look like its type stays text, so that the schema's complaint names the field. */
function fromText(text: string, type: unknown): unknown {
  if (type === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  if ((type === 'integer' || type === 'number') && /^-?[0-9.]+$/.test(text)) return Number(text);
  return text;
}

/** What curl and others read, in either case; a proxy of another kind (socks5:) is not for us. An empty variable says none. */
function proxyVariables(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [field, name] of Object.entries({ http: 'http_proxy', https: 'https_proxy', noProxy: 'no_proxy' })) {
    const text = environment[name] ?? environment[name.toUpperCase()] ?? '';
    if (field === 'noProxy' ? text !== '' : /^https?:\/\//.test(text)) found[field] = text;
  }
  return found;
}

function merge(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isGroup(value) && isGroup(below) ? merge(below, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (isGroup(inner)) freeze(inner);
  return Object.freeze(value);
}
