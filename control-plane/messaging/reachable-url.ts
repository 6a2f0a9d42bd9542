const wildcards = new Set(['0.0.0.0', '[::]']);

/** A listener's URL as somebody can use it who reached this server as `hostname`: an address that means "all" is no address to connect to. */
export function reachableUrl(url: string, hostname: string): string {
  const reachable = new URL(url);
  if (!wildcards.has(reachable.hostname) || hostname === '') return url; // HTTP/1.0 names no host
  return `${reachable.protocol}//${hostname}:${reachable.port}`;
}
