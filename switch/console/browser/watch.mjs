// A browser whose every page is watched: nothing may be said on its console, nothing may
// be asked of another host, nothing may stand out of the window.
import assert from "node:assert/strict";
import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// patience is how long a page is waited for: machines of a CI are slow.
const patience = 60_000;

export function launch() {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of ["chromium", "chromium-browser"]) {
      try {
        accessSync(join(folder, name), constants.X_OK);
      } catch { continue; }
      return chromium.launch({ executablePath: join(folder, name), args: ["--no-sandbox", "--disable-dev-shm-usage"], timeout: patience });
    }
  }
  throw new Error("no chromium in PATH");
}

// open is a window of its own. What it has said stands in page.faults, unless a test
// takes it out because it has asked for it.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: url, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (said) => { if (["error", "warning"].includes(said.type())) page.faults.push(`${page.url()}: ${said.text()}`); });
  page.on("pageerror", (fault) => page.faults.push(`${page.url()}: ${fault.message}`));
  page.on("request", (asked) => { if (new URL(asked.url()).host !== new URL(url).host) page.faults.push(`asked for ${asked.url()}`); });
  page.done = async () => {
    await context.close();
    assert.deepEqual(page.faults, []);
  };
  return page;
}

// live waits until the page hears from the switch.
export const live = (page) => page.locator('#live[data-state="live"]').waitFor();

// ticks waits until the page has heard from the switch so many times more.
export async function ticks(page, count) {
  await page.evaluate(() => {
    window.heard = new Set([document.querySelector("[data-head=at]").textContent]);
    new MutationObserver(() => window.heard.add(document.querySelector("[data-head=at]").textContent))
      .observe(document.querySelector("[data-head=at]"), { childList: true, characterData: true, subtree: true });
  });
  await page.waitForFunction((n) => window.heard.size > n, count);
}

// accessible asks axe about the page as it is: all, or one rule.
export async function accessible(page, where, rule) {
  if (!await page.evaluate(() => "axe" in window)) await page.evaluate(axe);
  const asked = rule ? [rule] : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await page.evaluate((runOnly) => axe.run(document, { resultTypes: ["violations"], runOnly }), asked);
  const grave = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(grave.map((v) => `${where}: ${v.id}: ${v.nodes[0].html}: ${v.nodes[0].failureSummary}`), []);
}

// fitting says that the page is not wider than its window.
export async function fitting(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${where} is ${wide} pixels wider than the window`);
}
