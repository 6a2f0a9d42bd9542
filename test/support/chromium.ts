import { type Browser, chromium } from 'playwright-core';

/** Debian's browser, which tools/test.mjs installs for this suite; the flags keep it from asking anybody anything. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
