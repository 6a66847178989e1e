/**
 * @file `npm run bench:run`: 250 training steps of the default model, batch 4, as the studio takes them, and whether they
 * take less than a minute. Options as for `npm run bench`; `--quick` takes 10 steps and says what 250 would take.
 */
import { StudioError } from "../src/core/errors.ts";
import { openBackends } from "./backends.ts";
import { readOptions } from "./options.ts";
import { openModel, openTraining } from "./work.ts";

const STEPS = 250;
const GOAL_SECONDS = 60;

try {
  await measureRun(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function measureRun(args: string[]): Promise<void> {
  const options = readOptions(args);
  const steps = options.quick ? 10 : STEPS;
  const { runtimes, reason, release } = await openBackends(options);
  console.log(reason);
  const model = await openModel(options.optimisations);
  for (const runtime of runtimes) {
    const { trainer, samples } = await openTraining(model, runtime, 4);
    const opened = performance.now();
    await trainer.warmUp();
    const start = performance.now();
    while (trainer.step < steps) await trainer.trainAhead(samples);
    await trainer.reports();
    const seconds = ((performance.now() - start) / 1000) * (STEPS / steps);
    await trainer.release();
    const verdict = seconds < GOAL_SECONDS ? "less" : "more";
    console.log(
      `${runtime.backend}: ${STEPS} steps ${options.quick ? "would take" : "took"} ${seconds.toFixed(1)} s, ` +
        `${verdict} than ${GOAL_SECONDS} s; ${((start - opened) / 1000).toFixed(1)} s before them for compiling`,
    );
  }
  release();
}
