/**
 * @file `npm run bench:start-up`: from an address to an image, milestone by milestone, on a first visit and on the next
 * two: the second finds the files kept, the third may also find what the browser has compiled of them.
 * Options: --rounds N; --visits N, the first N of them; --mbit N, a connection as fast as that; --steps N;
 * --beside FOLDER, another build in turn with this one, and the ratios.
 */
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { build, buildIsCurrent, distFolder } from "../scripts/build.mjs";
import { ensureChromium } from "../scripts/find-chromium.mjs";
import { createStaticServer } from "../scripts/static-server.mjs";
import { startUpOptions } from "./start-up-options.ts";
import { slowConnection } from "./slow-connection.ts";
import { MILESTONES, type Visit, visit } from "./start-up-visit.ts";
import { ratios, spread } from "./statistics.ts";

/** Of one profile, a browser each. */
const VISITS = ["first", "second", "third"] as const;

const {
  rounds,
  visits: most,
  steps,
  bytesPerSecond,
  beside,
} = startUpOptions(process.argv.slice(2));

if (!buildIsCurrent()) await build();
ensureChromium();
const folders = [distFolder, ...(beside === null ? [] : [beside])];
const kinds = VISITS.slice(0, most);
const measured: Visit[][][] = folders.map(() => []);
for (let round = 0; round < rounds; round++) {
  for (const [i, folder] of folders.entries()) measured[i]?.push(await visits(folder));
}
const [ours = [], others] = measured;
for (const [which, kind] of kinds.entries()) {
  console.log(`\n${kind} visit, ms`);
  for (const name of MILESTONES) console.log(line(name, which));
}

function line(name: (typeof MILESTONES)[number], which: number): string {
  const times = (all: readonly Visit[][]) => all.map((visits) => visits[which]?.[name] ?? NaN);
  const own = `${name.padEnd(14)} ${show(times(ours), 0).padEnd(24)}`;
  if (others === undefined) return own;
  const { median } = ratios(times(ours), times(others));
  return `${own} beside ${show(times(others), 0).padEnd(24)} ratio ${median.toFixed(2)}`;
}

function show(times: readonly number[], digits: number): string {
  const { median, low, high } = spread(times);
  return `${median.toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

/** A profile of its own, and a new browser each time. */
async function visits(folder: string): Promise<Visit[]> {
  const server = await createStaticServer(folder);
  const own = await listen(server);
  const slow = bytesPerSecond === 0 ? null : slowConnection(own, bytesPerSecond);
  const port = slow === null ? own : await listen(slow);
  const profile = await mkdtemp(path.join(tmpdir(), "start-up-"));
  const way = { url: `http://127.0.0.1:${port}/`, profile, steps };
  try {
    const made: Visit[] = [];
    for (const kind of kinds) made.push(await visit({ ...way, untilOffline: kind === "first" }));
    return made;
  } finally {
    slow?.close();
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true });
  }
}

/** The port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
