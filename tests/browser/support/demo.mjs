// Starts the real `vestibule demo` on free ports with a data folder of its own, and ends it again.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const BINARY = process.env.VESTIBULE_BIN ?? join(ROOT, "target/debug/vestibule");
const STARTS_WITHIN = 60_000;
const STOPS_WITHIN = 20_000;
/** The last lines of the program's log, for the message of a failure. */
const KEPT_LINES = 40;

/**
 * @param {{admittance?: "automatic" | "manual", environment?: Record<string, string>, more?: string[], listen?: string}} options
 *   `more`: further arguments of the command; `listen`: where, if that has to be known before.
 */
export async function startDemo({ admittance = "automatic", environment = {}, more = [], listen } = {}) {
  const data = await mkdtemp(join(tmpdir(), "vestibule-browser-"));
  listen ??= `127.0.0.1:${await freePort()}`;
  const child = spawn(BINARY, ["demo", "--listen", listen, "--data", join(data, "store"), ...more], {
    cwd: data,
    env: { ...process.env, VESTIBULE__ORGANIZATION__LAKESIDE__ADMITTANCE: admittance, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = [];
  const keep = (line) => {
    log.push(line);
    if (log.length > KEPT_LINES) log.shift();
  };
  createInterface({ input: child.stderr }).on("line", keep);
  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const limit = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
      await exited;
      clearTimeout(limit);
    }
    await rm(data, { recursive: true, force: true });
    return child.exitCode;
  }
  try {
    const { service, fakes } = await addresses(child, keep, log);
    await ready(service);
    return { service, fakes, stop, log, folder: join(data, "store") };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The program prints `service http://…` and `fakes http://…` on lines of their own. */
function addresses(child, keep, log) {
  return new Promise((resolveAddresses, reject) => {
    const found = {};
    const fail = (why) => reject(new Error(`${BINARY} demo ${why}\n${log.join("\n")}`));
    const limit = setTimeout(() => fail("printed no addresses in time"), STARTS_WITHIN);
    child.on("error", (error) => fail(`did not start: ${error.message}`));
    child.on("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
    createInterface({ input: child.stdout }).on("line", (line) => {
      keep(line);
      const match = /\b(service|fakes)\b.*?(https?:\/\/\S+?)\/?\s*$/.exec(line);
      if (match) found[match[1]] ??= match[2];
      if (found.service && found.fakes) {
        clearTimeout(limit);
        resolveAddresses(found);
      }
    });
  });
}

async function ready(service) {
  await until("the service to be ready", STARTS_WITHIN, async () => {
    const answer = await fetch(`${service}/readyz`).catch(() => null);
    return answer?.ok ?? false;
  });
}

/** Looks again and again until `check` gives something true, or fails at the deadline naming what was awaited. */
export async function until(what, within, check) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() >= deadline) throw new Error(`waited ${within} ms for ${what}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
