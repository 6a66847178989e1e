/**
 * @file What WebGPU adapter this machine has, found out by a process of its own: drivers print complaints that nobody
 * asked for, and a broken one ends the process that loads it.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AdapterFacts } from "../device.ts";

/** A driver that takes longer than this many milliseconds to start is as good as none. */
const PATIENCE = 30_000;

/** The adapter that `nodeWebGpuRuntime` would take; null where there is none. Never fails. */
export function findAdapter(): Promise<AdapterFacts | null> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("report-adapter-node.ts", import.meta.url)), {
      execArgv: ["--import", import.meta.resolve("tsx")],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      timeout: PATIENCE,
    });
    // Whichever comes first counts.
    child.once("message", (facts) => {
      resolve(facts as AdapterFacts);
      child.kill();
    });
    child.once("error", () => {
      resolve(null);
    });
    child.once("exit", () => {
      resolve(null);
    });
  });
}
