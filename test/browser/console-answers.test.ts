import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from '../support/chromium.js';
import { driftReply } from '../support/drift-reply.js';
import { deviceView, idOf, overview, releaseView } from '../support/operator-views.js';
import { ScriptedLiveServer } from '../support/scripted-live-server.js';
import { openPage } from '../support/watched-page.js';

/** Answers and questions of the console that something else has overtaken. */
let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

const shown = overview({
  devices: [deviceView('away', '1.0.0'), deviceView('ill', '1.0.0')],
  releases: [releaseView('1.1.0'), releaseView('1.0.0')],
});

async function openOn(replies: Readonly<Record<string, unknown>> = {}) {
  const server = await ScriptedLiveServer.start(() => shown, replies);
  const watched = await openPage(browser);
  await watched.page.goto(server.pageUrl);
  const close = async () => {
    await watched.close();
    await server.stop();
  };
  return { server, page: watched.page, close };
}

describe('what the page asks for', () => {
  it('is asked for again when the connection is back: nobody told what happened meanwhile', async () => {
    const replies = { 'GET /telemetry/drift': driftReply('away') };
    const { server, page, close } = await openOn(replies);
    await page.getByText('8 of 18 values on 7 devices have shifted').waitFor();
    replies['GET /telemetry/drift'] = { ...driftReply('away'), drift: [] };
    server.breakOff();
    await page.getByText('digits@1.1.0 is asked what it was made for: 18 values on 7 devices').waitFor();
    expect(server.opened).toBe(2);
    await close();
  });
});

describe('a question that is open', () => {
  it('stays about what one saw: no choice in it moves with what the page is told', async () => {
    const { server, page, close } = await openOn();
    await page.getByRole('link', { name: 'away' }).first().click();
    await page.getByRole('button', { name: 'Pin' }).click();
    const question = page.getByRole('dialog');
    await question.getByText('Ordered now: digits@1.0.0').waitFor();
    await server.tell([['device', deviceView('away', '1.1.0')]]);
    await question.getByText('Ordered now: digits@1.1.0').waitFor();
    expect(await question.getByLabel('Release').inputValue()).toBe('digits@1.0.0');
    await close();
  });

  it('goes with the page that it was asked on', async () => {
    const { page, close } = await openOn();
    await page.getByRole('link', { name: 'away' }).first().click();
    await page.getByRole('button', { name: 'Decommission' }).click();
    await page.getByRole('dialog').filter({ hasText: 'Decommission away' }).waitFor();
    await page.evaluate(`location.hash = '#/devices/${idOf('ill')}'`);
    await page.getByRole('heading', { name: 'ill', exact: true }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await close();
  });
});
