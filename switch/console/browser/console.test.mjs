// The console in a real browser, in front of real switches. SWITCHD is the binary, SHOTS a
// folder for pictures of the pages.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { demo, people, served } from "./switch.mjs";
import { accessible, fitting, launch, live, open, reaches, ticks, trial } from "./watch.mjs";

const shots = process.env.SHOTS ?? "../../../.build/console";
let browser, everyone, users; // the demo, and a switch with users

before(async () => {
  mkdirSync(shots, { recursive: true });
  [browser, everyone, users] = await Promise.all([launch(), demo(), served()]);
});
after(async () => {
  await browser?.close();
  await Promise.all([everyone?.stop(), users?.stop()]);
});

// payments are those of the demo that fit, as the API says, when there is one.
async function payments(page, query) {
  const handle = await page.waitForFunction(async (query) => {
    const answer = await fetch("/api/v1/payments?" + query);
    if (!answer.ok) return false;
    const { payments } = await answer.json();
    return payments.length > 0 && payments;
  }, query, { polling: 500 });
  return handle.jsonValue();
}

const drained = async (page, id) => (await (await page.request.get("/api/v1/participants/" + id)).json()).drained;

// becomes waits until a participant is drained or not: what is shown of it is of the latest second.
const becomes = (page, id, wanted) => page.waitForFunction(async ([id, wanted]) =>
  (await (await fetch("/api/v1/participants/" + id)).json()).drained === wanted, [id, wanted], { polling: 200 });

trial("every page: live, accessible, within its window, in dark, light and on a phone", async () => {
  const page = await open(browser, everyone.url, { reducedMotion: "reduce" });
  await page.goto("/");
  const [reversed] = await payments(page, "state=FAILED_REVERSED&limit=1");
  const pages = {
    overview: "/", participants: "/console/participants", participant: "/console/participants/BANKB", payments: "/console/payments",
    payment: `/console/payments/${reversed.id}`, "payment-compact": `/console/payments/${reversed.id}?view=compact`, "payment-full": `/console/payments/${reversed.id}?view=full`,
    exceptions: "/console/exceptions", changes: "/console/changes", approvals: "/console/approvals", alerts: "/console/alerts", config: "/console/config", keys: "/console/keys",
    order: "/console/order?command=drain&participant=BANKA",
  };
  const faults = [];
  for (const [name, path] of Object.entries(pages)) {
    for (const [way, width, colorScheme] of [["dark", 1280, "dark"], ["light", 1280, "light"], ["", 768, "dark"], ["phone", 390, "dark"], ["", 360, "dark"]]) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      if (way === "dark") {
        await page.goto(path);
        await live(page);
        if (name === "overview") await page.locator(".uplot canvas").nth(3).waitFor();
      }
      try {
        await fitting(page, `${name} at ${width} pixels`);
        // What light and dark differ in is their colours.
        if (width === 1280) await accessible(page, `${name} ${way}`, way === "light" ? "color-contrast" : undefined);
      } catch (fault) { faults.push(fault.message); }
      // A picture of a long page takes seconds and shows nobody more.
      const fullPage = await page.evaluate(() => document.documentElement.scrollHeight < 4000);
      if (way) await page.screenshot({ path: join(shots, `${name}-${way}.png`), fullPage });
    }
  }
  assert.deepEqual(faults, []);
  await page.done();
});

trial("the overview moves by itself", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/");
  await live(page);
  await page.evaluate(() => { window.same = true; });
  const before = await page.locator("#live-overview .tiles").innerText();
  await page.waitForFunction((was) => document.querySelector("#live-overview .tiles").innerText !== was, before);
  await ticks(page, 3);
  assert.equal(await page.evaluate(() => window.same), true, "the page was loaded again");
  await page.locator(".uplot canvas").nth(3).waitFor();
  // A bank that something is wrong with stands among the faults, the others in a row.
  assert.deepEqual(await page.locator("#live-overview .verdict a").filter({ hasText: /BANK[ABC]/ }).evaluateAll((links) => links.map((e) => e.textContent.match(/BANK./)[0]).toSorted()), ["BANKA", "BANKB", "BANKC"]);
  await page.done();
});

trial("what is sorted, filtered, unfolded and focused stays so while the page moves", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/console/participants");
  await live(page);
  const shown = () => page.locator("#matrix tbody tr:visible").evaluateAll((rows) => rows.map((r) => r.dataset.id).join(" "));
  await page.getByRole("link", { name: "Participant", exact: true }).click();
  assert.equal(await shown(), "BANKA BANKB BANKC");
  await page.getByRole("link", { name: "Participant", exact: true }).click();
  await ticks(page, 2);
  assert.equal(await shown(), "BANKC BANKB BANKA");
  assert.match(page.url(), /sort=-id/);
  await page.getByLabel("Filter").pressSequentially("bankb");
  await ticks(page, 2);
  assert.equal(await shown(), "BANKB");
  assert.equal(await page.getByLabel("Filter").evaluate((e) => e === document.activeElement && e.value), "bankb");
  await page.reload();
  await live(page);
  assert.equal(await shown(), "BANKB", "the address does not say how it is filtered");
  await page.keyboard.press("j");
  const focused = await page.evaluateHandle(() => document.activeElement);
  assert.equal(await focused.innerText(), "BANKB");
  await ticks(page, 2);
  assert.equal(await focused.evaluate((e) => e === document.activeElement), true, "the focus was lost");
  await page.done();
});

trial("the box finds a payment by what it is called, and its timeline shows the reversal", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/");
  const [reversed] = await payments(page, "state=FAILED_REVERSED&limit=1");
  for (const typed of [reversed.references.rrn, String(reversed.id), reversed.switch_id].filter(Boolean)) {
    await page.locator("body").press("/");
    await page.keyboard.type(typed);
    // Each leads to the same address: that of a page alone does not say that it was left.
    await reaches(page, new RegExp(`^/console/payments/${reversed.id}$`), () => page.keyboard.press("Enter"));
  }
  await page.getByText("FAILED_REVERSED").first().waitFor();
  const legs = page.locator(".legs li");
  await legs.filter({ hasText: "reversal" }).first().waitFor();
  const moment = page.locator(".moments li").filter({ hasText: "reversal" }).filter({ has: page.locator("details") }).first();
  await moment.locator("summary").click();
  await moment.locator("tbody tr").nth(3).waitFor(); // fields of the message
  await page.getByRole("link", { name: "Compact" }).click();
  await page.getByRole("table").filter({ hasText: "reversal" }).waitFor();
  await page.getByRole("link", { name: "Full" }).click();
  await page.locator(".moments details[open]").nth(3).waitFor();
  await page.locator("#find").fill("nobody-knows-this");
  await page.keyboard.press("Enter");
  await page.getByText("No payment is known by this").waitFor();
  await page.done();
});

trial("a participant is drained with a reason, and without one it is not", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/console/participants");
  await live(page);
  await page.getByRole("link", { name: "Drain BANKC" }).click();
  const dialog = page.locator("#dialog");
  page.expected.push("422"); // the browser says so of the answer that is wanted
  await dialog.getByLabel("Your name").fill("meera");
  await dialog.getByRole("button", { name: "Drain" }).click();
  await dialog.getByText("Say why").waitFor();
  await ticks(page, 2);
  assert.equal(await drained(page, "BANKC"), false);
  await accessible(page, "the dialog");
  await page.screenshot({ path: join(shots, "dialog.png") });
  await dialog.getByLabel("Reason").fill("their data centre moves");
  await dialog.getByRole("button", { name: "Drain" }).click();
  await page.waitForURL("**/console/participants/BANKC?done=*");
  await page.getByRole("status").filter({ hasText: "their data centre moves" }).waitFor();
  await page.locator("#live-participant").getByText("drained", { exact: true }).waitFor();
  await becomes(page, "BANKC", true);
  await page.goto("/console/changes");
  await page.getByRole("row").filter({ hasText: "their data centre moves" }).filter({ hasText: "meera" }).waitFor();
  await page.goto("/console/participants/BANKC");
  await live(page);
  await page.getByRole("link", { name: "Resume" }).click();
  await dialog.getByLabel("Reason").fill("it has moved");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await page.waitForURL("**/console/participants/BANKC?done=*");
  await becomes(page, "BANKC", false);
  await page.done();
});

// goes leads to a page by two keys. They belong together when one soon follows the other,
// which no test can be sure of.
async function goes(page, key, path) {
  for (let left = 5; ; left--) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    try {
      await page.waitForURL(`**${path}`, { timeout: left ? 20_000 : undefined });
      break;
    } catch (fault) { if (!left) throw fault; }
  }
  await live(page);
}

trial("all is reached by keys", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/");
  await live(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await accessible(page, "the help");
  await page.keyboard.press("Escape");
  for (const [key, path] of Object.entries({ p: "/console/participants", y: "/console/payments", x: "/console/exceptions", c: "/console/changes", a: "/console/approvals", l: "/console/alerts", f: "/console/config", k: "/console/keys", o: "/" })) {
    await goes(page, key, path);
  }
  await goes(page, "p", "/console/participants");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/participants/BANK*");
  const was = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.keyboard.press("t");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), was);
  await page.reload();
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), was, "the choice of dark or light is forgotten");
  await page.done();
});

trial("it works without script, but for what is live", async () => {
  const page = await open(browser, everyone.url, { javaScriptEnabled: false });
  await page.goto("/");
  assert.match(await page.locator(".tiles").innerText(), /Payments per second/);
  await page.goto("/console/participants");
  await page.getByLabel("Filter").fill("banka");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL("**/console/participants?*filter=banka*");
  assert.equal(await page.locator("#matrix tbody tr:visible").count(), 1);
  await page.getByRole("link", { name: "Drain BANKA" }).click();
  page.expected.push("422");
  await page.getByLabel("Your name").fill("meera");
  await page.getByRole("button", { name: "Drain" }).click();
  await page.getByText("Say why").waitFor();
  await page.locator("#find").fill("BANKB");
  await page.locator("#find").press("Enter");
  await page.waitForURL("**/console/participants/BANKB");
  await page.done();
});

trial("the login is accessible in dark, light and on a phone, and says that a token is not known", async () => {
  const page = await open(browser, users.url);
  await page.goto("/");
  await page.waitForURL("**/login?**");
  page.expected.push("401");
  for (const [way, width, colorScheme] of [["dark", 1280, "dark"], ["light", 1280, "light"], ["phone", 390, "dark"]]) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await fitting(page, `the login at ${width} pixels`);
    await accessible(page, `the login ${way}`);
    await page.screenshot({ path: join(shots, `login-${way}.png`) });
  }
  await page.getByLabel("token").fill("nobody's");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").filter({ hasText: "This token is not known." }).waitFor();
  await accessible(page, "the login after a wrong token");
  await page.screenshot({ path: join(shots, "login-wrong.png") });
  await page.done();
});

async function login(name) {
  const page = await open(browser, users.url);
  await page.goto("/console/participants");
  await page.waitForURL("**/login?**");
  await page.getByLabel("token").fill(people[name].token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/console/participants");
  await live(page);
  await page.getByText(name, { exact: true }).first().waitFor();
  return page;
}

trial("a viewer sees all and changes nothing", async () => {
  const page = await login("vera");
  assert.equal(await page.getByRole("link", { name: /Drain/ }).count(), 0);
  page.expected.push("403");
  const status = await page.evaluate(async () => (await fetch("/console/order", { method: "POST", body: new URLSearchParams({ command: "drain", participant: "BANKA", reason: "because" }) })).status);
  assert.equal(status, 403);
  assert.equal(await page.evaluate(async () => (await fetch("/console/order", { method: "POST", body: new URLSearchParams({ command: "reload", reason: "because" }) })).status), 403);
  assert.equal(await drained(page, "BANKA"), false);
  await page.goto("/console/order?command=drain&participant=BANKA");
  await page.getByText("You may not order this").waitFor();
  assert.equal(await page.getByRole("button", { name: "Drain" }).isDisabled(), true);
  const other = await page.context().newPage();
  await other.goto("/console/participants");
  await live(other);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL("**/login");
  await other.getByText("Your session has ended: log in again.").waitFor();
  await page.done();
});

trial("a cap takes two persons", async () => {
  const page = await login("meera");
  await page.goto("/console/participants/BANKB");
  await page.getByRole("link", { name: "Change cap" }).click();
  const dialog = page.locator("#dialog");
  await dialog.getByLabel(/New cap/).fill("9000000.00");
  await dialog.getByLabel("Reason").fill("less collateral");
  await dialog.getByRole("button", { name: "Change cap" }).click();
  await page.waitForURL("**/console/approvals?waits=*");
  await page.getByText("You have ordered it").waitFor();
  await page.waitForRequest((r) => r.url().endsWith("/console/approvals") && r.headers()["switchd-poll"] === "true"); // no use of the session
  const second = await login("anders");
  await second.goto("/console/approvals");
  await second.getByRole("link", { name: "Approve" }).click();
  await second.locator("#dialog").getByLabel("Reason").fill("seen the papers");
  await second.locator("#dialog").getByRole("button", { name: "Approve" }).click();
  await second.waitForURL("**/console/approvals?done=*");
  await second.goto("/console/changes");
  await second.getByRole("row").filter({ hasText: "less collateral" }).filter({ hasText: "anders" }).first().waitFor();
  await page.getByText("No order waits").waitFor(); // by itself
  await second.done();
  await page.done();
});

trial("a file that has changed is reloaded, and one that is not good is not", async () => {
  const page = await login("meera");
  const good = readFileSync(users.file, "utf8").replace(/(BANKC.*net_debit_cap: )"10000000.00"/, '$1"8000000.00"');
  const dialog = page.locator("#dialog");
  const reload = async (reason) => {
    await page.goto("/console/config");
    await live(page);
    await page.getByRole("link", { name: "Reload" }).click();
    await dialog.getByLabel("Reason").fill(reason);
    await dialog.getByRole("button", { name: "Reload" }).click();
  };
  page.expected.push("422");
  writeFileSync(users.file, good + "colour: blue\n");
  await reload("it is prettier");
  await dialog.getByText(/switchd\.yml:\d+:\d+/).waitFor();
  writeFileSync(users.file, good);
  await reload("less collateral of BANKC");
  await page.waitForURL("**/console/approvals?waits=*"); // a cap takes two persons, also by the file
  const second = await login("anders");
  await second.goto("/console/approvals");
  await second.getByRole("link", { name: "Approve" }).click();
  await second.locator("#dialog").getByLabel("Reason").fill("seen the papers");
  await second.locator("#dialog").getByRole("button", { name: "Approve" }).click();
  await second.getByText("No order waits").waitFor();
  await second.done();
  await page.goto("/console/config");
  await page.getByText("Nothing: the file on disk is what is in force.").waitFor();
  await page.done();
});

trial("a page says when the switch has gone", async () => {
  const page = await open(browser, everyone.url);
  await page.goto("/");
  await live(page);
  await everyone.stop();
  await page.getByText("Not live: everything here is as it was").waitFor();
  page.expected.push("/console/live");
  await page.done();
});
