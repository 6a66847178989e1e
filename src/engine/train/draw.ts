/**
 * @file Which examples, views, timesteps and noise a step trains on: a function of the seed and the step alone.
 *
 * Timesteps are uniform, as in the paper, but spread: t_k = T · frac(u + k φ) with the golden ratio φ, so that any few
 * successive ones cover the whole range. A short run of small batches otherwise hangs on which timesteps it happens
 * to meet.
 */
import { addNoise, trainingTarget } from "../../core/diffusion/noise-schedule.ts";
import type { SchedulerConfig } from "../../core/diffusion/scheduler-config.ts";
import { Random } from "../../core/random/random.ts";
import type { Example, View } from "./examples.ts";

export interface Sample {
  readonly caption: string;
  readonly timestep: number;
  /** Noisy latents [4, H, W]. */
  readonly latents: Float32Array;
  /** What the UNet should say: noise, or v. */
  readonly target: Float32Array;
  /** [H, W] */
  readonly mask: Float32Array;
  readonly kind: "target" | "regularisation";
}

export interface Pools {
  /** One pool a concept; samples are taken from each in turn. */
  readonly targets: readonly (readonly Example[])[];
  /** Likewise; a concept's pool may be empty. */
  readonly regularisation: readonly (readonly Example[])[];
}

export interface Noising {
  readonly scheduler: SchedulerConfig;
  readonly alphasCumprod: Float64Array;
}

/**
 * The samples of one step: target images first, then as many regularisation images (Custom Diffusion section 3.2).
 * Every image of a pool comes once before any comes again.
 */
export function drawStep(
  pools: Pools,
  { scheduler, alphasCumprod }: Noising,
  { seed, step, batch }: { readonly seed: number; readonly step: number; readonly batch: number },
): Sample[] {
  const regularisation = pools.regularisation.filter((pool) => pool.length > 0);
  const regularisations = regularisation.length === 0 ? 0 : Math.floor(batch / 2);
  const targets = batch - regularisations;
  return Array.from({ length: batch }, (_, i): Sample => {
    const random = new Random(seed, "step", step, i);
    const kind = i < targets ? "target" : "regularisation";
    const index = kind === "target" ? step * targets + i : step * regularisations + i - targets;
    const example = inTurn(kind === "target" ? pools.targets : regularisation, kind, seed, index);
    const view = random.pick<View>(example);
    const clean = sampleLatents(view, random);
    const noise = random.normal(clean.length);
    const timestep = spreadTimestep(seed, kind, index, scheduler.numTrainTimesteps);
    const alpha = alphasCumprod[timestep] ?? NaN;
    return {
      caption: view.caption,
      timestep,
      latents: addNoise(clean, noise, alpha),
      target: trainingTarget(clean, noise, alpha, scheduler.predictionType),
      mask: view.mask,
      kind,
    };
  });
}

/** (√5 - 1) / 2: no other step leaves gaps as even as this one's, however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** Timestep of the `index`-th sample of a kind, from 0 to `count` - 1. */
function spreadTimestep(seed: number, kind: Sample["kind"], index: number, count: number): number {
  const start = new Random(seed, "timesteps", kind).uniform();
  return Math.floor(((start + index * GOLDEN_RATIO) % 1) * count);
}

/** Sample `index` of a kind: from one concept's pool after the other's, so that all get as many. */
function inTurn(
  pools: readonly (readonly Example[])[],
  kind: Sample["kind"],
  seed: number,
  index: number,
): Example {
  const concept = index % pools.length;
  const name = kind === "regularisation" && concept === 0 ? kind : `${kind} ${concept}`;
  return turn(pools[concept] ?? [], Math.floor(index / pools.length), seed, name);
}

/** Item `index` of an endless row in which each item comes once, in a new order, before any comes again. */
function turn<T>(items: readonly T[], index: number, seed: number, name: string): T {
  const round = Math.floor(index / items.length);
  const random = new Random(seed, "order", name, round);
  const order = items.map((item) => ({ item, key: random.uniform() }));
  order.sort((a, b) => a.key - b.key);
  const chosen = order[index % items.length];
  if (chosen === undefined) throw new RangeError(`there is nothing to draw for "${name}"`);
  return chosen.item;
}

function sampleLatents({ latents: { mean, deviation } }: View, random: Random): Float32Array {
  const noise = random.normal(mean.length);
  return mean.map((value, i) => value + (deviation[i] ?? 0) * (noise[i] ?? 0));
}
