/** @file A forward pass and a training step of a full-size model, as the studio does them with a plan. */
import { StudioError } from "../../src/core/errors.ts";
import { normal } from "../../src/core/random/normal.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { defaultSettings } from "../../src/core/train/settings.ts";
import { BufferPool } from "../../src/engine/kernels/buffers.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import { openUnet } from "../../src/engine/model/unet.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { isOnDevice, type Tensor } from "../../src/engine/tensor.ts";
import { Trainer } from "../../src/engine/train/trainer.ts";
import type { OpenedWork } from "../work/own-work.ts";
import { CATEGORIES, trainingSamples } from "../work/samples.ts";
import type { WorkSpec } from "../work/spec.ts";

/** Makes what the work needs before its time is taken. @param planned as the work's plan says */
export function openFullSize(spec: WorkSpec, model: Model, planned: Runtime): Promise<OpenedWork> {
  switch (spec.work) {
    case "forward":
      return forward(model, planned, spec.batch);
    case "training_step":
      return trainingStep(model, planned, spec.batch);
    default:
      throw new StudioError("internal", `"${spec.work}" is not measured at full size.`);
  }
}

/** The UNet alone, as sampling runs it; keys and values lie where the GPU reads them. */
async function forward(model: Model, runtime: Runtime, batch: number): Promise<OpenedWork> {
  const unet = await openUnet(model, runtime, batch);
  await unet.warmUp();
  const latents = normal(1, elementCount(unet.latents));
  const { tokens } = model.unet.shape;
  const dims = [batch, tokens, model.unet.kv.columns];
  const data = normal(2, elementCount(dims)).map((x) => 0.5 * x);
  const pool = runtime.device === null ? null : new BufferPool(runtime.device);
  const buffer = await pool?.upload(data, "keys and values");
  const kv: Tensor =
    buffer === undefined ? { dims, data } : { dims, buffer, dispose: () => pool?.give(buffer) };
  return {
    async run() {
      const { data: prediction } = await unet.predict(latents, 500, kv);
      expectFinite(prediction, "The prediction");
    },
    async release() {
      if (isOnDevice(kv)) kv.dispose();
      pool?.release();
      await unet.release();
    },
  };
}

/** Steps in which a loss scale that begins too high has come down. */
const MOST_LEFT_OUT = 16;

/** A whole step, waited for: text features, K/V, gradients, AdamW. */
async function trainingStep(model: Model, runtime: Runtime, batch: number): Promise<OpenedWork> {
  const settings = { ...defaultSettings(model.config.textWidth), batch, microBatch: batch };
  const token = { token: "<new1>", category: CATEGORIES[0] };
  const trainer = await Trainer.open(model, runtime, settings, [token]);
  await trainer.warmUp();
  const samples = trainingSamples(model, batch, 1);
  for (let left = MOST_LEFT_OUT; (await trainer.trainOn(samples)).skipped; left--) {
    if (left === 0) throw notFinite("The gradient");
  }
  return {
    run: async () => expectFinite((await trainer.trainOn(samples)).losses, "The loss"),
    release: () => trainer.release(),
  };
}

function expectFinite(numbers: Float32Array | Int32Array, what: string): void {
  if (!numbers.every((x) => Number.isFinite(x))) throw notFinite(what);
}

function notFinite(what: string): StudioError {
  return new StudioError(
    "session-failed",
    `${what} of the full-size model is not finite, so its times would say nothing; try --precision float32.`,
  );
}
