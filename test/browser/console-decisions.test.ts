import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditPage } from '@bellwether/control-plane/audit/audit-api';
import { openHead } from '@bellwether/control-plane/audit/audit-head';
import type { DeviceView, ReleaseView, TokenList, TokenReply } from '@bellwether/control-plane/http/operator-api';
import { fingerprintOf } from '@bellwether/shared/ids';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { startChromium } from '../support/chromium.js';
import { digitsFolder } from '../support/digits.js';
import { FleetDevice } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { faintTexts, isTooWide, openPage, type WatchedPage } from '../support/watched-page.js';

/** What people decide in the console, on a real server: what waits, who may, what it says first, and what came of it. */
let server: TestServer;
let browser: Browser;
let admin: WatchedPage;

const password = 'correct horse battery';

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startChromium()]);
  const release = fileURLToPath(new URL('1.1.0', digitsFolder));
  await server.cli('release', 'publish', release, '--key', join(server.keys, 'publisher.key'));
  await server.cli('release', 'promote', 'digits@1.1.0', '--note', 'better on sevens');
  admin = await openPage(browser, { acceptDownloads: true });
  await admin.page.goto(`${server.httpUrl}/#token=${server.operatorToken}`);
  await isLive(admin.page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const isLive = (page: Page) =>
  page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor();

/** Every test begins on a page of its own choice. */
async function open(page: Page, title: string): Promise<void> {
  const link = page.getByRole('navigation').getByRole('link', { name: title });
  if ((await link.getAttribute('aria-current')) === 'page') return;
  await link.click();
  await expect.poll(() => page.title(), { timeout: 20_000 }).toBe(`${title} · Bellwether`);
  // By keyboard and by ear one goes on from the top of the new page.
  expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('MAIN');
}

const card = (page: Page, title: string): Locator =>
  page.locator('.cards > li').filter({ has: page.getByRole('heading', { name: title }) });
const line = (page: Page, text: string): Locator => page.locator('.rows > li').filter({ hasText: text });
const question = (page: Page): Locator => page.getByRole('dialog');

/** A device at the door. */
async function newcomer(name: string): Promise<FleetDevice> {
  const { token } = await server.read<TokenReply>('/tokens', { kind: 'approve', labels: { site: 'barn' } });
  const device = new FleetDevice(() => server.httpUrl, name);
  await device.enrol(token);
  return device;
}

const standing = async ({ id }: FleetDevice) => (await server.read<DeviceView>(`/devices/${id}`)).standing;

describe('a release that waits', () => {
  it('shows who asked, the digest, the benchmark and what the approver runs, and is declined with a reason', async () => {
    const { page } = admin;
    await open(page, 'Fleet');
    await page.getByRole('link', { name: 'Waiting for approval: 1 release.' }).click();
    const waiting = card(page, 'digits@1.1.0');
    const { manifest } = await server.read<ReleaseView>('/releases/digits/1.1.0');
    for (const text of ['better on sevens', 'admin, ', manifest, /\d\d(\.\d)? % of 1500 samples/]) {
      await waiting.filter({ hasText: text }).waitFor();
    }
    const command = `bellwether release approve digits@1.1.0 --key approver.key --server ${server.httpUrl}`;
    expect(await waiting.locator('.copy-line code').textContent()).toBe(command);
    await waiting.getByRole('button', { name: 'Decline' }).click();
    await question(page).getByLabel('Reason').fill('not on a Friday');
    await question(page).getByRole('button', { name: 'Decline' }).click();
    await line(page, 'digits@1.1.0').filter({ hasText: 'declined: not on a Friday' }).waitFor();
    await page.getByText('No release waits for an approver.').waitFor();
    await line(page, 'digits@1.1.0').getByRole('button', { name: 'Ask for approval' }).click();
    await question(page).getByRole('button', { name: 'Ask for approval' }).click();
    await card(page, 'digits@1.1.0').waitFor();
  });
});

describe('a device at the door', () => {
  it('is let in with the fingerprint that it shows and with no other, by keyboard alone', async () => {
    const { page } = admin;
    await open(page, 'Approvals');
    const device = await newcomer('greenhouse');
    const fingerprint = fingerprintOf(device.key.publicKey);
    await card(page, 'greenhouse').filter({ hasText: fingerprint }).filter({ hasText: 'site=barn' }).waitFor();
    const approve = card(page, 'greenhouse').getByRole('button', { name: 'Approve' });
    await approve.focus();
    await page.keyboard.press('Enter');
    await question(page).getByText('It gets a session, orders and downloads at once.').waitFor();
    await page.keyboard.press('Escape');
    await question(page).waitFor({ state: 'detached' });
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Approve …');
    await page.keyboard.press('Enter');
    await question(page).waitFor();
    // Closed and asked again before the browser has said that it closed.
    await page.evaluate("document.querySelector('dialog').close(); document.activeElement.click()");
    await question(page).waitFor();
    await page.keyboard.type(fingerprintOf(generateKeyPair().publicKey));
    await page.keyboard.press('Enter');
    await question(page)
      .getByRole('alert')
      .filter({ hasText: /another key.* fingerprint/ })
      .waitFor();
    expect(await standing(device)).toBe('pending');
    await question(page).getByLabel('Fingerprint that the device shows').fill(fingerprint.slice(0, 16).toUpperCase());
    await page.keyboard.press('Enter');
    await card(page, 'greenhouse').waitFor({ state: 'detached' });
    expect(await standing(device)).toBe('approved');
  });

  it('is turned away', async () => {
    const { page } = admin;
    await open(page, 'Approvals');
    const device = await newcomer('unwanted');
    await card(page, 'unwanted').getByRole('button', { name: 'Reject' }).click();
    await question(page).getByRole('button', { name: 'Reject' }).click();
    await card(page, 'unwanted').waitFor({ state: 'detached' });
    expect(await standing(device)).toBe('rejected');
  });
});

describe('a device', () => {
  it('goes on with another key, and is decommissioned after a word on what that means', async () => {
    const { page } = admin;
    await open(page, 'Approvals');
    const device = await server.enrolled('harbour', { hardware: 'rpi5' });
    const next = generateKeyPair();
    await device.post('/key-rotations', device.keyRotationBody(await device.nonce(), next));
    const waiting = card(page, 'harbour').filter({ hasText: fingerprintOf(next.publicKey) });
    await waiting.getByRole('button', { name: 'Approve the key' }).click();
    await question(page).getByLabel('Fingerprint that the device shows').fill(fingerprintOf(next.publicKey));
    await question(page).getByRole('button', { name: 'Approve the key' }).click();
    await waiting.waitFor({ state: 'detached' });
    await open(page, 'Fleet');
    await page.getByRole('link', { name: 'harbour' }).click();
    await page.getByText(fingerprintOf(next.publicKey), { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Decommission' }).click();
    await question(page).getByText('its key is refused for ever').waitFor();
    await question(page).getByRole('button', { name: 'Decommission' }).click();
    await page.getByText('decommissioned').first().waitFor();
    expect(await standing(device)).toBe('decommissioned');
    // The timeline may tell it before the device itself does.
    const ways = page.getByRole('button', { name: 'Decommission' });
    await expect.poll(() => ways.count(), { timeout: 20_000 }).toBe(0);
  });
});

describe('join tokens', () => {
  it('are shown once, count their uses, name who came by them, and are revoked with them', async () => {
    const { page } = admin;
    await open(page, 'Joining');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await question(page).getByLabel('Who comes by it').selectOption('auto');
    await question(page).getByLabel('Devices', { exact: true }).fill('3');
    await question(page).getByLabel('Labels').fill('site=mill, hardware=rpi4');
    await question(page).getByRole('button', { name: 'Make a token' }).click();
    await question(page).getByText('It is shown this once').waitFor();
    const secret = (await question(page).locator('.copy-line code').textContent()) ?? '';
    await question(page).getByRole('button', { name: 'Done' }).click();
    const device = new FleetDevice(() => server.httpUrl, 'mill');
    expect(await device.enrol(secret)).toMatchObject({ labels: { site: 'mill', hardware: 'rpi4' } });
    const token = line(page, 'site=mill');
    await token.filter({ hasText: '2 of 3 uses left' }).filter({ hasText: 'came by it: mill' }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await token.getByRole('button', { name: 'Revoke' }).click();
    await question(page).getByLabel('Also decommission the 1 device that came by it').check();
    await question(page).getByRole('button', { name: 'Revoke' }).click();
    await token.filter({ hasText: 'revoked' }).waitFor();
    expect(await standing(device)).toBe('decommissioned');
    const { tokens } = await server.read<TokenList>('/tokens');
    expect(tokens[0]).toMatchObject({ uses: 3, usesLeft: 2, devices: [device.id] });
  });
});

describe('people and programs', () => {
  it('come and go; what the server refuses is said with its code', async () => {
    const { page } = admin;
    await open(page, 'Access');
    await page.getByRole('button', { name: 'Add somebody' }).click();
    await question(page).getByLabel('Name').fill('victor');
    await question(page).getByLabel('First password').fill('short');
    await question(page).getByRole('button', { name: 'Add somebody' }).click();
    await question(page).getByRole('alert').filter({ hasText: 'password-weak' }).waitFor();
    await question(page).getByLabel('First password').fill(password);
    await question(page).getByRole('button', { name: 'Add somebody' }).click();
    await line(page, 'victor').filter({ hasText: 'viewer' }).waitFor();
    await line(page, 'no password').getByRole('button', { name: 'Remove' }).click();
    await question(page).getByRole('button', { name: 'Remove' }).click();
    await question(page).getByRole('alert').filter({ hasText: 'last-admin' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add a consumer' }).click();
    await question(page).getByLabel('Name').fill('grafana');
    await question(page).getByRole('button', { name: 'Add a consumer' }).click();
    await question(page).getByText('consumer_grafana').waitFor();
    await question(page).getByRole('button', { name: 'Done' }).click();
    await line(page, 'grafana').filter({ hasText: 'reads window, event' }).getByRole('button').click();
    await question(page).getByRole('button', { name: 'Revoke' }).click();
    await line(page, 'grafana').filter({ hasText: 'revoked' }).waitFor();
    await page.getByRole('button', { name: 'Make an API token' }).click();
    await question(page).getByLabel('What it is for').fill('deploys from CI');
    await question(page).getByRole('button', { name: 'Make an API token' }).click();
    const secret = (await question(page).locator('.copy-line code').textContent()) ?? '';
    await question(page).getByRole('button', { name: 'Done' }).click();
    const asked = () => fetch(`${server.httpUrl}/api/v1/status`, { headers: { authorization: `Bearer ${secret}` } });
    expect((await asked()).status).toBe(200);
    await line(page, 'deploys from CI').getByRole('button', { name: 'Revoke' }).click();
    await question(page).getByRole('button', { name: 'Revoke' }).click();
    await line(page, 'deploys from CI').waitFor({ state: 'detached' });
    expect((await asked()).status).toBe(401);
  });

  it('see the pages and buttons of what the server lets them do, and a session may use them', async () => {
    await server.read('/operators', { name: 'alice', role: 'approver', password });
    await server.read('/operators', { name: 'vera', role: 'viewer', password });
    await newcomer('attic');
    const seen = async (name: string) => {
      const { page, close } = await openPage(browser);
      await page.goto(`${server.httpUrl}/#/approvals`);
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Password').fill(password);
      await page.keyboard.press('Enter');
      await isLive(page);
      await card(page, 'attic').waitFor();
      const links = await page.getByRole('navigation').getByRole('link').allTextContents();
      const buttons = await card(page, 'attic').getByRole('button').allTextContents();
      if (buttons.length > 0) {
        await card(page, 'attic').getByRole('button', { name: 'Reject' }).click();
        await question(page).getByRole('button', { name: 'Reject' }).click();
        await card(page, 'attic').waitFor({ state: 'detached' });
      }
      await close();
      return { links: links.map((link) => link.replace(/\d+ waiting$/, '')), buttons };
    };
    expect(await seen('vera')).toEqual({ links: ['Fleet', 'Rollouts', 'Alerts', 'Approvals', 'Access'], buttons: [] });
    expect(await seen('alice')).toEqual({
      links: ['Fleet', 'Rollouts', 'Alerts', 'Approvals', 'Joining', 'Access', 'Audit'],
      buttons: ['Approve …', 'Reject …'],
    });
  });
});

describe('the audit log', () => {
  it('says who decided what; the whole of it and its signed end are files to keep', async () => {
    const { page } = admin;
    const device = await newcomer('cellar');
    await server.cli('device', 'reject', 'cellar');
    await open(page, 'Audit');
    const first = page.locator('.audit > li').first();
    await first.filter({ hasText: 'operator:admin device.reject' }).filter({ hasText: device.id }).waitFor();
    const saved = async (button: Locator): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
      return readFile(await download.path(), 'utf8');
    };
    const { rows } = await server.read<AuditPage>('/audit/rows?limit=1000');
    const exported = await saved(page.getByRole('button', { name: 'Export' }));
    expect(
      exported
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown),
    ).toEqual(rows);
    await page.getByRole('button', { name: 'Sign the end' }).click();
    const head = await saved(question(page).getByRole('button', { name: 'Sign the end' }));
    expect(openHead(Buffer.from(head)).sequence).toBe(rows.length);
  });
});

/** A control in an ARIA snapshot that says nothing of itself. */
const nameless = /- (?:button|textbox|combobox|spinbutton|checkbox|link)(?! ")/;

describe('what people write', () => {
  it('is text and never markup, on each page that shows it', async () => {
    const { page } = admin;
    const markup = '<img src=x onerror="window.broken = true"><b>bold</b>';
    await server.read('/api-tokens', { label: markup, role: 'viewer', days: 1 });
    await server.read('/releases/digits/1.1.0/promotion', { note: markup });
    for (const title of ['Approvals', 'Access', 'Audit']) {
      await open(page, title);
      await page.getByRole('main').getByText(markup).first().waitFor();
      expect(await page.locator('img[src="x"], main b').count()).toBe(0);
    }
    expect(await page.evaluate('window.broken')).toBeUndefined();
  });
});

describe('each page', () => {
  it('can be read and used on a phone in the dark: nothing too wide, every control with a name', async () => {
    const { page } = admin;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const title of ['Approvals', 'Joining', 'Access', 'Audit']) {
      await open(page, title);
      await page.getByRole('main').getByRole('button').first().waitFor();
      expect([title, await faintTexts(page), await isTooWide(page)]).toEqual([title, [], false]);
      const snapshot = await page.getByRole('main').ariaSnapshot();
      expect(snapshot).not.toMatch(nameless);
    }
    // Questions, too.
    await open(page, 'Access');
    await page.getByRole('button', { name: 'Add a consumer' }).click();
    await question(page).waitFor();
    expect([await faintTexts(page), await isTooWide(page)]).toEqual([[], false]);
    expect(await question(page).ariaSnapshot()).not.toMatch(nameless);
    await page.keyboard.press('Escape');
  });

  it('did all this without a complaint of the browser and without asking anybody else', () => {
    // Answers that refuse something are the browser's own lines, and the live feed that the test broke off.
    expect(admin.problems.filter((text) => !text.startsWith('Failed to load resource:'))).toEqual([]);
    expect([...admin.origins]).toEqual([server.httpUrl]);
  });
});
