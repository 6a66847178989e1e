/** @file What each optimisation is worth: everything beside everything but one, in turns. */
import { BEHIND, EVERY_OPTIMISATION, FLAGGED } from "../src/core/optimisations.ts";
import { knowsWideVectors } from "../src/engine/ort/wide-vectors-node.ts";
import { startNode } from "./contenders.ts";
import { measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Peer } from "./peers/protocol.ts";
import type { MachineResults, OptimisationResults } from "./report/results.ts";
import { lines, today } from "./show.ts";
import { ratios } from "./statistics.ts";
import type { WorkSpec } from "./work/spec.ts";

const WORK: readonly { readonly name: string; readonly spec: WorkSpec }[] = [
  { name: "training step, batch 4", spec: { work: "training_step", batch: 4 } },
  { name: "forward, batch 4", spec: { work: "forward", batch: 4 } },
];

export async function compareOptimisations({
  rounds,
  threads: counts,
  only,
}: BenchOptions): Promise<Partial<MachineResults>> {
  const threads = Math.max(...counts);
  const rows: OptimisationResults["rows"] = [];
  for (const optimisation of EVERY_OPTIMISATION) {
    // Those of the GPU do nothing on wasm.
    if (!optimisation.includes(only) || optimisation.startsWith("gpu-")) continue;
    if (FLAGGED.has(optimisation) && !knowsWideVectors()) {
      console.log(`${optimisation}: not in Node ${process.versions.node}`);
      continue;
    }
    const behind = BEHIND[optimisation] ?? "";
    const all = await started(threads, behind);
    const without = await started(threads, `${behind},${optimisation}`);
    for (const { name, spec } of WORK) {
      const { measured } = await measure(spec, [{ peer: all }, { peer: without }], rounds);
      const [withIt, withoutIt] = measured.map(({ ms }) => [...ms]);
      if (withIt === undefined || withoutIt === undefined) continue;
      rows.push({ optimisation, work: name, all: withIt, without: withoutIt });
      console.log(lines.pair(optimisation, name, ratios(withoutIt, withIt)));
    }
    await without.close();
    await all.close();
  }
  return { optimisations: { date: today(), rounds, threads, rows } };
}

async function started(threads: number, without: string): Promise<Peer> {
  const peer = await startNode(threads, { without });
  if ("absent" in peer) throw new Error(peer.absent);
  return peer;
}
