/** Which proxy is asked for what; the names are those of the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxySettings {
  readonly http?: string;
  /** Also for MQTT, whatever carries it. */
  readonly https?: string;
  /** `fleet.example,.intern,10.0.0.7,host:8080` or `*`, separated by commas or spaces. */
  readonly noProxy?: string;
}

const defaultPorts: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
  'mqtt:': '1883',
  'mqtts:': '8883',
};
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The port of a URL, its scheme's own when it names none. */
export function portOf(url: URL): number {
  return Number(url.port === '' ? defaultPorts[url.protocol] : url.port);
}

/** The proxy through which a URL is reached; undefined for none. This device itself is never reached through one. */
export function proxyFor(url: URL, { http, https, noProxy = '' }: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'http:' ? http : https;
  if (proxy === undefined || loopback.test(url.hostname)) return undefined;
  const isExcepted = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && names(entry, url.hostname.toLowerCase(), portOf(url)));
  return isExcepted ? undefined : new URL(proxy);
}

/** A domain names its subdomains too, with and without a leading dot. */
function names(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = '', entryPort] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}
