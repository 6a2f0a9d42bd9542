import { readFile } from 'node:fs/promises';
import { messageOf } from '@bellwether/shared/errors';
import { type AgentConfig, ConfigError } from '../config.js';

/** Sends this process's requests as the configuration says: through its proxy, trusting its authorities, which are the answer (PEM). Throws ConfigError. */
export async function routeRequests(config: AgentConfig): Promise<string | undefined> {
  const { proxy } = config;
  const ca = await readAuthorities(config);
  // Most devices have neither, and are spared the library.
  if (proxy.http === undefined && proxy.https === undefined && ca === undefined) return ca;
  const { routeFetch } = await import('../uplink/dispatcher-http.js');
  routeFetch({ proxy, ca });
  return ca;
}

async function readAuthorities({ tls: { caFile } }: AgentConfig): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return await readFile(caFile, 'utf8');
  } catch (cause) {
    throw new ConfigError('config-invalid', `cannot read tls.caFile ${caFile}: ${messageOf(cause)}`, { cause });
  }
}
