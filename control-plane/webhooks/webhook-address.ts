import { BlockList, isIP } from 'node:net';

/**
 * Networks that are not the internet: the server’s own machine, what stands beside it, and what a cloud tells its machines
 * about themselves (169.254.169.254). IANA’s special-purpose registries; of IPv6 only 2000::/3 is the internet.
 */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const internet6 = ['2000::/3'];
/** Within that: others’ addresses in disguise (Teredo, 6to4), and those of documents. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Where webhooks may be sent: the internet, and the networks that the configuration names. Throws Node’s error for what is no network. */
export class WebhookAddresses {
  readonly #allowed: BlockList;
  readonly #special = listOf([...special4, ...special6]);
  readonly #internet6 = listOf(internet6);

  /** `10.1.0.0/16`, `fd00::/8`. */
  constructor(networks: readonly string[]) {
    this.#allowed = listOf(networks);
  }

  /** Of an address in numbers. */
  isAllowed(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (this.#allowed.check(address, family)) return true;
    if (this.#special.check(address, family)) return false;
    return family === 'ipv4' || this.#internet6.check(address, family);
  }

  /** Of the host of a URL: false when it is an address that is not allowed; a name is judged when it is looked up. */
  isAllowedHost(hostname: string): boolean {
    const address = addressOf(hostname);
    return address === undefined || this.isAllowed(address);
  }
}

/** Why an address is not spoken to, for people. */
export function refusal(hostname: string): string {
  return `${hostname} is in a private network; bellwether serve --webhook-networks allows some`;
}

/** `[::1]` without its brackets; undefined: it is a name. */
function addressOf(hostname: string): string | undefined {
  const plain = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(plain) === 0 ? undefined : plain;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
