import { type MessageKind, messageKinds } from './message-kinds.js';

type Part = Readonly<Record<string, unknown>>;

/** What the document says of the server at hand; left out in one that is about any. */
export interface AsyncApiServer {
  /** `mqtt://host:port` */
  readonly mqttUrl: string;
}

const description = `What consumers read over MQTT 3.1.1. Operations are Bellwether's: what it sends, a consumer receives.
Payloads are JSON; where the first byte is "x", zlib's format of it over the dictionary that "bellwether schemas" writes; where it is neither "x" nor "{", raw deflate. Readers ignore fields and bear words that they do not know.`;

const parameters: Readonly<Record<string, Part>> = {
  shard: { description: 's00 to s63: the first byte of SHA-256(device) modulo 64' },
  device: { description: 'the device’s id: its name and 16 hex digits of its key’s fingerprint' },
  id: { description: 'of the rollout (r7), of the alert (a3), or the name of the model' },
};

/** The AsyncAPI 3 document of everything that consumers may read, from the schemas that the programs check by. */
export function asyncApi(version: string, server?: AsyncApiServer): Part {
  const kinds = [...messageKinds];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Bellwether telemetry',
      version,
      description,
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    ...(server !== undefined && { servers: { broker: broker(server) } }),
    channels: Object.fromEntries(kinds.map(([name, kind]) => [name, channel(name, kind)])),
    operations: Object.fromEntries(kinds.map(([name, kind]) => [`send-${name}`, operation(name, kind)])),
    components: {
      messages: Object.fromEntries(kinds.map(([name, kind]) => [name, message(name, kind)])),
      schemas: Object.fromEntries(kinds.map(([name, { schema }]) => [name, schema])),
      securitySchemes: {
        consumer: {
          type: 'userPassword',
          description: 'of `bellwether consumer create`; the client id is the user name',
        },
      },
    },
  };
}

function broker({ mqttUrl }: AsyncApiServer): Part {
  const { protocol, host } = new URL(mqttUrl);
  const scheme = protocol.slice(0, -1);
  const security = [{ $ref: '#/components/securitySchemes/consumer' }];
  return { host, protocol: scheme, protocolVersion: '3.1.1', security };
}

function channel(name: string, { topic, summary }: MessageKind): Part {
  const used = Object.entries(parameters).filter(([each]) => topic.includes(`{${each}}`));
  return {
    address: topic,
    summary,
    parameters: Object.fromEntries(used),
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
  };
}

function operation(name: string, { isRetained, grant }: MessageKind): Part {
  return {
    action: 'send',
    summary: `read with a grant of ${grant}`,
    channel: { $ref: `#/channels/${name}` },
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
    bindings: { mqtt: { qos: 1, retain: isRetained, bindingVersion: '0.2.0' } },
  };
}

function message(name: string, { summary, maxBytes }: MessageKind): Part {
  return {
    name,
    title: name,
    summary: `${summary}; at most ${maxBytes} bytes`,
    contentType: 'application/json',
    payload: { $ref: `#/components/schemas/${name}` },
  };
}
