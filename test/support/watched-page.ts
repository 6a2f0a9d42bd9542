import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a context of its own, and whatever went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts and what the browser complains of, violations of the content security policy among them. */
  readonly problems: string[];
  /** Origins that it asked. */
  readonly origins: Set<string>;
  close(): Promise<void>;
}

/** Opens a page without going anywhere. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  return { page, problems, origins, close: () => context.close() };
}

/** Whether the page can be scrolled sideways. */
export async function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Text of the page that has less contrast with what is behind it than WCAG 2 AA asks (1.4.3: 4.5:1), with its ratio. */
export async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(contrastScript);
}

/** Runs in the page, and so is text: tests are compiled without the DOM's types. Backgrounds are opaque or absent. */
const contrastScript = String.raw`(() => {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (text === '' || element.getClientRects().length === 0 || /^(?:SCRIPT|STYLE)$/.test(element.tagName)) continue;
    const [dark, light] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faint.push(text + ' ' + ratio.toFixed(2));
  }
  return faint;
})()`;
