// A browser whose every page is watched: nothing may be said on its console, nothing may
// be asked of another host, nothing may stand out of the window.
import assert from "node:assert/strict";
import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// patience is how long a page is waited for: machines of a CI are slow.
const patience = 120_000;

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

const pages = new Set(); // that are open

// open is a window of its own. What it has said, and what others of its session have, stands in page.faults. What a test asks for
// on purpose it names in page.expected before: a part of the text of that fault.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: url, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  pages.add(page);
  page.faults = [];
  page.expected = [];
  context.on("console", (said) => { if (["error", "warning"].includes(said.type())) page.faults.push(`${said.page()?.url()}: ${said.text()} ${said.location().url}`); });
  context.on("weberror", (fault) => page.faults.push(`${fault.page()?.url()}: ${fault.error().message}`));
  context.on("request", (asked) => { if (new URL(asked.url()).host !== new URL(url).host) page.faults.push(`asked for ${asked.url()}`); });
  page.done = async () => {
    await context.close();
    pages.delete(page);
    assert.deepEqual(page.faults.filter((fault) => !page.expected.some((part) => fault.includes(part))), []);
  };
  return page;
}

// trial is a test that says, when it fails, what the pages show that it has left open: the
// log of a CI is all that somebody has of them.
export function trial(name, run) {
  test(name, async () => {
    try {
      await run();
    } catch (fault) {
      const told = await Promise.all([...pages].map(shown));
      throw new Error([fault.message, ...told].join("\n---- "), { cause: fault });
    } finally {
      await Promise.all([...pages].map((page) => page.context().close()));
      pages.clear();
    }
  });
}

// shown is a page in words.
async function shown(page) {
  const text = await page.locator("body").innerText({ timeout: 10_000 }).catch((fault) => fault.message);
  return [page.url(), ...page.faults.map((fault) => "fault: " + fault), text.slice(0, 4000)].join("\n");
}

// reaches waits until a link, a form or a key has led to an address.
export async function reaches(page, where, act) {
  await page.evaluate(() => { window.left = true; });
  await act();
  await page.waitForFunction(() => !window.left && document.readyState === "complete");
  assert.match(new URL(page.url()).pathname, where);
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

// fitting says that the page is not wider than its window, that nothing in a table or beside it runs out of its box or is cut off
// in it, and that all that can be pressed is in the window.
export async function fitting(page, where) {
  const found = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const named = (e) => `${e.tagName.toLowerCase()}.${e.className} "${e.textContent.trim().replace(/\s+/g, " ").slice(0, 50)}"`;
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".vh, .skip, .uplot, .cards thead"));
    const faults = [];
    if (document.documentElement.scrollWidth > width) faults.push(`is ${document.documentElement.scrollWidth - width} pixels wider than the window`);
    // What stands on one line in a table of a wide window may be scrolled to; an order may not.
    const tables = width < 760 ? ".scroll, .scroll *, " : "";
    for (const e of seen(tables + "td, th, td small, th small, .verdict *, .tile *, .top nav")) {
      if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && !e.closest(".text, svg") && getComputedStyle(e).display !== "inline") faults.push(`${named(e)} is ${e.scrollWidth - e.clientWidth} pixels wider than its box`);
    }
    const text = (e) => {
      const range = document.createRange();
      range.selectNodeContents(e);
      return range.getBoundingClientRect();
    };
    for (const e of seen("td, th")) {
      const next = e.nextElementSibling;
      if (!next || !next.checkVisibility() || next.childNodes.length === 0 || e.querySelector(".vh")) continue;
      const [one, other] = [text(e), text(next)];
      if (one.width && other.width && one.top < other.bottom && other.top < one.bottom && other.left - one.right < 4 && one.left < other.left) faults.push(`${named(e)} runs into ${named(next)}`);
    }
    for (const e of seen("button, .button, input, select, .top nav a")) {
      const box = e.getBoundingClientRect();
      if (box.width > 0 && (box.left < -1 || box.right > width + 1)) faults.push(`${named(e)} stands out of the window, until ${Math.round(box.right)}`);
    }
    return faults;
  });
  assert.deepEqual(found, [], where);
}
