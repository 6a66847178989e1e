/** @file How time grows: training with batch, latents and new words, merging with concepts. */
import type { BenchOptions } from "./options.ts";
import { type ContenderName, gather } from "./contenders.ts";
import { measure } from "./measure.ts";
import type { MachineResults, ScalingResults } from "./report/results.ts";
import { show, today } from "./show.ts";
import { exponentOf, spread } from "./statistics.ts";
import type { WorkSpec } from "./work/spec.ts";

interface Series {
  readonly work: string;
  readonly over: string;
  readonly at: readonly number[];
  readonly spec: (x: number) => WorkSpec;
}

const TRAINING = "training step";

const SERIES: readonly Series[] = [
  {
    work: TRAINING,
    over: "batch",
    at: [1, 2, 4, 8],
    spec: (batch) => ({ work: "training_step", batch }),
  },
  {
    work: `${TRAINING}, batch 4`,
    over: "latent height and width",
    at: [16, 24, 32, 48],
    spec: (size) => ({ work: "training_step", batch: 4, size }),
  },
  {
    work: `${TRAINING}, batch 4`,
    over: "new words",
    at: [1, 2, 3],
    spec: (concepts) => ({ work: "training_step", batch: 4, concepts }),
  },
  {
    work: "merge",
    over: "concepts",
    at: [2, 3, 4],
    spec: (concepts) => ({ work: "merge", concepts }),
  },
];

export async function measureScaling(options: BenchOptions): Promise<Partial<MachineResults>> {
  const { rounds, only, skip, torch } = options;
  const threads = Math.max(...options.threads);
  const names = (["node", "torch"] as const).filter((name) => !skip.has(name));
  const { contenders, notes, close } = await gather({ names, threads: [threads], torch });
  for (const note of notes) console.log(note);
  const series: ScalingResults["series"] = [];
  try {
    for (const { work, over, at, spec } of SERIES) {
      if (!`${work} ${over}`.includes(only)) continue;
      const points = new Map<ContenderName, { x: number; ms: number[] }[]>();
      for (const x of at) {
        const { measured } = await measure(spec(x), contenders, rounds);
        for (const { by, ms } of measured) {
          points.set(by.name, [...(points.get(by.name) ?? []), { x, ms: [...ms] }]);
          console.log(`${work}, ${over} ${x}, ${by.name}: ${show(spread(ms), 0)} ms`);
        }
      }
      for (const [contender, own] of points) {
        series.push({ work, over, contender, points: own });
        const fit = exponentOf(own.map(({ x, ms }) => ({ x, t: spread(ms).median })));
        console.log(`  ${contender}: exponent ${fit.value.toFixed(2)} ± ${fit.error.toFixed(2)}`);
      }
    }
  } finally {
    await close();
  }
  return { scaling: { date: today(), rounds, threads, series } };
}
