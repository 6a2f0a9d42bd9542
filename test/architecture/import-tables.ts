/**
 * DESIGN §9 as tables. Patterns are paths in the project: `*` is any text within one name, `**` any folders.
 * An exception is a row with its reason; a row without a reason is not one.
 */
export interface Row {
  readonly path: string;
  readonly why: string;
}

/** Programs and their composition roots: the only places that wire adapters. */
export const entryPoints: readonly Row[] = [
  { path: 'agent/main.ts', why: "the agent's main" },
  { path: 'agent/cli/**', why: "the agent's verbs" },
  { path: 'agent/agent.ts', why: 'buildAgent(parts)' },
  { path: 'agent/build-*.ts', why: 'composition root' },
  { path: 'agent/inference/runner-onnx.ts', why: "the runner's main" },
  { path: 'agent/trust/repository-tuf-worker.ts', why: "the TUF worker's main" },
  { path: 'agent/simulation/**', why: 'many agents in one process' },
  { path: 'control-plane/main.ts', why: "the server's main" },
  { path: 'control-plane/control-plane.ts', why: 'buildControlPlane(parts)' },
  { path: 'control-plane/build-*.ts', why: 'composition root' },
  { path: 'control-plane/cli/**', why: 'verbs' },
  { path: 'control-plane/reading/reading-worker-sql.ts', why: 'the main of the threads that read the database' },
  { path: 'control-plane/console/**', why: "the browser's main" },
  {
    path: 'control-plane/publisher/release-trial-onnx.ts',
    why: "the approver's trial runs in a process of its own [T-13]",
  },
];

/** Where `process` may be seen: environment, arguments, signals and exit belong to mains. */
export const processPoints: readonly Row[] = [
  { path: 'agent/main.ts', why: "the agent's main" },
  { path: 'agent/cli/**', why: "the agent's verbs" },
  { path: 'agent/inference/runner-onnx.ts', why: "the runner's main" },
  { path: 'agent/trust/repository-tuf-worker.ts', why: "the TUF worker's main" },
  { path: 'agent/telemetry/host-metrics-os*.ts', why: 'measures this process' },
  { path: 'control-plane/main.ts', why: "the server's main" },
  { path: 'control-plane/cli/**', why: 'verbs' },
  { path: 'control-plane/publisher/release-trial-onnx.ts', why: "the trial's main" },
];

/** The adapters of shared: the only files of it that touch dice, clock, disk or terminal. */
export const sharedAdapters: readonly Row[] = [
  { path: 'shared/files/*-disk.ts', why: 'A: how both programs write durably' },
  { path: 'shared/signing/key-file.ts', why: 'A: reads and writes key files' },
  { path: 'shared/signing/key-pair.ts', why: 'A: dice' },
  { path: 'shared/signing/sealed-key.ts', why: 'A: key files under a passphrase, salted by dice' },
  { path: 'shared/clock.ts', why: 'A: the system clock, and the manual one of tests' },
  { path: 'shared/log.ts', why: 'A: where log lines go' },
];

/** The one file that compares secrets: `secretsEqual`. */
export const secretComparison = 'shared/signing/digest.ts';

/** Modules of Node that are pure functions of their arguments. */
export const pureNodeModules: readonly string[] = [
  'node:crypto',
  'node:buffer',
  'node:zlib',
  'node:util',
  'node:assert',
];

/** P and T files: what they say depends on what they are given, and on nothing else. */
export const pureFiles: readonly string[] = [
  'shared/**',
  'agent/config.ts',
  ...names('agent/trust', ['order-gate', 'listing', 'release-verifier', 'trusted-time', 'canonical-json']),
  ...names('agent/trust', ['floors', 'tuf-documents', 'tuf-limits', 'pinned-root', 'restore-trust', 'repair-trust']),
  ...['refusal', 'runner-trust', 'metadata', 'trust-store', 'trust-rules'].map((name) => `agent/trust/${name}.ts`),
  ...names('agent/reconcile', ['step', 'plan', 'backoff', 'memory-pressure']),
  'agent/reconcile/observed.ts',
  ...names('agent/installs', ['install', 'admission', 'probation', 'retention', 'canary-life']),
  ...names('agent/inference', ['routing', 'interpretation', 'open-inference']),
  ...names('agent/inference', [
    'runner-frames',
    'runner-messages',
    'runner-state',
    'local-api-error',
    'local-api-guard',
  ]),
  ...['engine', 'observer', 'runner-user', 'serving-error'].map((name) => `agent/inference/${name}.ts`),
  ...['answer-memory', 'allowance', 'feedback-error', 'feedback-judgement'].map((name) => `agent/inference/${name}.ts`),
  ...['breaker', 'canary-settings', 'key-arms', 'recent-calls'].map((name) => `agent/inference/${name}.ts`),
  ...names('agent/telemetry', ['recorder', 'wall-time', 'governor', 'evidence', 'feature-counts', 'watched-releases']),
  'agent/uplink/proxy.ts',
  'control-plane/config.ts',
  ...names('control-plane/orders', ['compose']),
  ...names('control-plane/messaging', ['topic-access', 'broker-access', 'loopback', 'connection-limits']),
  ...['grant', 'consumer', 'consumer-api', 'consumer-error', 'message-kinds', 'async-api', 'fleet-source'].map(
    (name) => `control-plane/consumers/${name}.ts`,
  ),
  ...names('control-plane/alerts', ['forecast', 'attribution']),
  ...['alert-rule', 'alert-record', 'alert-stored', 'alert-transition', 'alert-words', 'alert-view', 'alert-api'].map(
    (name) => `control-plane/alerts/${name}.ts`,
  ),
  ...['reading', 'condition', 'silence', 'silence-times', 'trouble', 'call-counts', 'alert-error'].map(
    (name) => `control-plane/alerts/${name}.ts`,
  ),
  'control-plane/rollouts/maintenance-window.ts',
  ...['fleet-readings', 'server-readings', 'drift-readings', 'gauges', 'trouble-facts'].map(
    (name) => `control-plane/alerts/${name}.ts`,
  ),
  ...['webhook', 'webhook-api', 'webhook-error', 'webhook-filter', 'webhook-secret', 'webhook-signature'].map(
    (name) => `control-plane/webhooks/${name}.ts`,
  ),
  'control-plane/webhooks/webhook-attempt.ts',
  'control-plane/limits/**',
  ...['timeline-api', 'timeline-entry', 'timeline-csv', 'audit-events', 'rollout-events', 'release-changes'].map(
    (name) => `control-plane/timeline/${name}.ts`,
  ),
  ...[
    'roll-up',
    'series',
    'series-api',
    'series-plan',
    'series-fold',
    'series-page',
    'series-csv',
    'series-error',
    'metric',
  ].map((name) => `control-plane/telemetry/${name}.ts`),
  ...[
    'drift-finding',
    'found-drift',
    'watched-release',
    'window-rows',
    'packed-drift',
    'drift-look',
    'drift-store',
    'waiting-rows',
  ].map((name) => `control-plane/telemetry/drift/${name}.ts`),
  ...['standing', 'fleet-error', 'device-rates'].map((name) => `control-plane/fleet/${name}.ts`),
  'control-plane/catalog/signed-url.ts',
  'control-plane/rollouts/verdict/**',
  ...names('control-plane/rollouts', ['transition', 'rollout', 'course', 'cohort', 'changed', 'gives']),
  ...[
    'apart',
    'failure-budget',
    'policy',
    'policy-presets',
    'exposure',
    'look-history',
    'evidence-sum',
    'arm-outputs',
    'step-outputs',
    'unpaired-evidence',
    'neighbour-times',
    'idle-members',
    'device-hold',
  ].map((name) => `control-plane/rollouts/${name}.ts`),
  ...names('control-plane/catalog', ['byte-range', 'repository-layout', 'role-file', 'role-rules', 'signing-schedule']),
  ...['releases', 'repository-state', 'catalog', 'catalog-error', 'garbage', 'garbage-api'].map(
    (name) => `control-plane/catalog/${name}.ts`,
  ),
  ...names('control-plane/publisher', [
    'role-edit',
    'golden-rules',
    'benchmark-file',
    'benchmark-classes',
    'reference-rules',
  ]),
  'control-plane/publisher/publisher-error.ts',
  ...names('control-plane/audit', ['audit-row', 'audit-chain', 'audit-check', 'audit-head']),
  ...['role', 'operator', 'operator-error', 'login-guard', 'password-rules'].map(
    (name) => `control-plane/operators/${name}.ts`,
  ),
  ...names('control-plane/cli', ['table', 'units', 'hints', 'failure', 'rollout-target', 'cli-error', 'terminal']),
];

/** What a P file must not say, as words of code. */
export const impureWords: ReadonlyMap<string, RegExp> = new Map([
  ['await', /\bawait\b/],
  ['Date.now', /\bDate\.now\b/],
  ['new Date()', /\bnew Date\(\s*\)/],
  ['performance.now', /\bperformance\.now\b/],
  ['Math.random', /\bMath\.random\b/],
  ['dice', /\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b|\bgenerateKeyPair(?:Sync)?\b/],
  ['process', /(?<![\w.'-])process\./],
  ['console', /(?<![\w.])console\./],
  ['timer', /\bset(?:Timeout|Interval|Immediate)\b/],
]);

/** Technologies in a file's name: `-disk` says "I/O here" (STYLE 3). */
export const adapterName =
  /-(?:aedes|disk|fastify|http|level|mqtt|onnx|os|postgres|process|s3|sql|sqlite|sse|tuf)(?:-[a-z0-9-]+)?\.tsx?$/;

/** Servers of HTTP. */
const fastifyHomes = ['control-plane/http/**', 'control-plane/**/*-routes.ts'];

/** Each package's home. Value imports elsewhere fail, and so does a package that has no row. Types are free. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  typebox: ['shared/schema.ts'],
  tweetnacl: ['shared/signing/**'],
  // An approver runs the release before signing it, in a child process of the tool [T-13]; the server never does.
  'onnxruntime-node': ['agent/inference/runner-onnx*.ts', 'control-plane/publisher/release-trial-onnx*.ts'],
  mqtt: ['agent/uplink/uplink-mqtt*.ts', 'control-plane/messaging/broker-external-mqtt*.ts'],
  undici: ['agent/uplink/dispatcher-http.ts'],
  'classic-level': ['agent/telemetry/outbox-level*.ts'],
  systeminformation: ['agent/telemetry/host-metrics-os*.ts'],
  'tuf-js': ['agent/trust/repository-tuf*.ts', 'control-plane/publisher/**'],
  '@tufjs/models': ['agent/trust/repository-tuf*.ts', 'control-plane/publisher/**', 'control-plane/catalog/*-tuf*.ts'],
  'better-sqlite3': ['control-plane/database/**'],
  kysely: ['control-plane/database/kysely.ts'],
  aedes: ['control-plane/messaging/broker-aedes*.ts'],
  // MQTT over WebSocket.
  ws: ['control-plane/messaging/broker-aedes*.ts'],
  fastify: fastifyHomes,
  '@fastify/fast-json-stringify-compiler': ['control-plane/http/reply-text.ts'],
  '@fastify/sse': fastifyHomes,
  '@fastify/static': fastifyHomes,
  '@fastify/swagger': fastifyHomes,
  '@fastify/swagger-ui': fastifyHomes,
  '@fastify/type-provider-typebox': fastifyHomes,
  jose: ['control-plane/fleet/**', 'control-plane/http/**'],
  croner: ['control-plane/rollouts/maintenance-window.ts'],
  commander: ['control-plane/cli/**', 'agent/main.ts', 'agent/cli/**'],
  pino: ['agent/main.ts', 'agent/cli/**', 'control-plane/main.ts', 'control-plane/cli/**'],
  'pino-pretty': ['control-plane/main.ts', 'control-plane/cli/**'],
  // The bundle of shared is for Node; the console fetches the library's own build for browsers.
  yaml: ['shared/yaml.ts', 'control-plane/console/policy-text.ts'],
  preact: ['control-plane/console/**'],
  '@preact/signals': ['control-plane/console/**'],
  uplot: ['control-plane/console/**'],
};

/** What of ours each folder may import; the first row that fits decides. `types`: by `import type` only. */
export interface OwnImports {
  readonly from: string;
  readonly to: readonly string[];
  readonly types?: readonly string[];
}

export const ownImports: readonly OwnImports[] = [
  { from: 'shared/**', to: ['shared/**'] },
  { from: 'agent/**', to: ['agent/**', 'shared/**'] },
  {
    from: 'control-plane/console/**',
    // The presets are data, which a person may look at and edit before the server sees them.
    to: ['control-plane/console/**', 'shared/**', 'control-plane/rollouts/policy-presets.ts'],
    // The answers of the server that the page shows; by value its schemas would travel to the browser. A silence's stand beside what it covers.
    types: ['control-plane/**/*-api.ts', 'control-plane/alerts/silence.ts'],
  },
  { from: 'control-plane/**', to: ['control-plane/**', 'shared/**'] },
];

/** A name and its parts: `plan.ts`, `plan-canary.ts`. */
function names(folder: string, stems: readonly string[]): string[] {
  return stems.flatMap((stem) => [`${folder}/${stem}.ts`, `${folder}/${stem}-*.ts`]);
}
