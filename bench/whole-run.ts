/**
 * @file `npm run bench:run`: 250 training steps of the default model, batch 4, as the studio takes them, and whether they
 * take less than a minute. Options: --backend auto|wasm|webgpu, --without NAMES; `--quick` takes 10 steps and says what
 * 250 would take.
 */
import { defaultSettings } from "../src/core/train/settings.ts";
import { Trainer } from "../src/engine/train/trainer.ts";
import { runAlone } from "./alone.ts";
import { trainingSamples } from "./work/samples.ts";

const STEPS = 250;
const GOAL_SECONDS = 60;
const BATCH = 4;

await runAlone(async ({ model, runtime, quick }) => {
  const steps = quick ? 10 : STEPS;
  const defaults = defaultSettings(model.config.textWidth);
  const settings = { ...defaults, batch: BATCH, microBatch: BATCH };
  const tokens = [{ token: "<new1>", category: "bear" }];
  const trainer = await Trainer.open(model, runtime, settings, tokens);
  const samples = trainingSamples(model, BATCH, 1);
  const opened = performance.now();
  await trainer.warmUp();
  const start = performance.now();
  while (trainer.step < steps) await trainer.trainAhead(samples);
  await trainer.reports();
  const seconds = ((performance.now() - start) / 1000) * (STEPS / steps);
  await trainer.release();
  const verdict = seconds < GOAL_SECONDS ? "less" : "more";
  console.log(
    `${runtime.backend}: ${STEPS} steps ${quick ? "would take" : "took"} ${seconds.toFixed(1)} s, ` +
      `${verdict} than ${GOAL_SECONDS} s; ${((start - opened) / 1000).toFixed(1)} s before them for compiling`,
  );
});
