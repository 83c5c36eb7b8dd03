// The switches that the tests drive: the demo, in which everyone has all roles, and a
// switch with users.
import { spawn, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.SWITCHD ?? "../../../bin/switchd";

// start runs the switch until it has said where its admin port is.
function start(args, folder) {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => child.on("exit", done));
  let said = "";
  const url = new Promise((found, failed) => {
    const read = (data) => {
      said = (said + data).slice(-8192);
      const at = /admin (https?:\/\/[^\s,]+)/.exec(said);
      if (at) found(at[1]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    ended.then((code) => failed(new Error(`switchd ${args[0]} has ended with ${code}: ${said}`)));
  });
  const stop = async () => {
    child.kill("SIGKILL"); // its data is thrown away
    await ended;
    if (folder) rmSync(folder, { recursive: true, force: true });
  };
  return url.then((url) => ({ url, stop }), async (fault) => { await stop(); throw fault; });
}

// demo is a switch with three simulated banks that misbehave.
export function demo() {
  return start(["demo", "--rate", "20", "--faults"]);
}

// people are the users of the other switch, with their tokens.
export const people = Object.fromEntries([["vera", "viewer"], ["meera", "operator"], ["anders", "security-officer"]]
  .map(([name, role]) => [name, { role, token: randomBytes(32).toString("hex") }]));

// served is a switch with users and no participant that has connected.
export async function served() {
  const folder = mkdtempSync(join(tmpdir(), "switchd-console-"));
  try {
    execFileSync(binary, ["certs", "init", "--dir", join(folder, "certs"), "--ids", "BANKA,BANKB,BANKC"], { stdio: "pipe" });
    const users = Object.entries(people).map(([name, { role, token }]) => `${name} ${role} token ${createHash("sha256").update(token).digest("hex")}\n`);
    writeFileSync(join(folder, "users"), users.join(""), { mode: 0o600 });
    writeFileSync(join(folder, "switchd.yml"), `listen: 127.0.0.1:0
admin: 127.0.0.1:0
admin_access: {users: users}
data_dir: data
currency: INR
institution: "999999"
tls: {ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}
disk: {reserve: 96MiB, ballast: 0}
participants:
  - {id: BANKA, institution: "100001", handles: [banka], ifsc_prefixes: [BNKA], dialect: iso87-ascii, framing: ASCII4, net_debit_cap: "10000000.00"}
  - {id: BANKB, institution: "100002", handles: [bankb], ifsc_prefixes: [BNKB], dialect: iso87-ascii, framing: ASCII4, net_debit_cap: "10000000.00"}
  - {id: BANKC, institution: "100003", handles: [bankc], ifsc_prefixes: [BNKC], dialect: iso20022, framing: BIN4, net_debit_cap: "10000000.00"}
`);
    const file = join(folder, "switchd.yml");
    return { ...await start(["serve", "--config", file], folder), file };
  } catch (fault) {
    rmSync(folder, { recursive: true, force: true });
    throw fault;
  }
}
