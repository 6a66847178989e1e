/** @file Which variant our matrix products take on a device: the one that was fastest there on the shapes they will have. */
import type { KvProjectionShape } from "../../core/surgery/kv-projection.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { createStorage } from "./buffers.ts";
import { runsOn } from "./define-kernel.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import { kvTextGradient, kvWeightGradient, partialsLength } from "./kv-backward/index.ts";
import { kvProjection, kvProjectionKernel } from "./kv-projection/index.ts";
import { bestOf, fastest } from "./measure.ts";
import { TILES, USUAL, type Variant, variantName } from "./tiled-matmul/variant.ts";

/** Milliseconds that choosing may take: a GPU that is slower than that gains nothing by it. */
const BUDGET = 500;

/** With float16 operands allowed, and without: a device that was measured for one is not for the other. */
const chosen = {
  half: new WeakMap<GPUDevice, Variant>(),
  single: new WeakMap<GPUDevice, Variant>(),
};
const chosenFor = (half: boolean): WeakMap<GPUDevice, Variant> =>
  half ? chosen.half : chosen.single;

type Widths = Pick<KvProjectionShape, "textWidth" | "columns">;

/** What was chosen on this device, as far as it fits these shapes; the usual variant where nothing was measured. */
export function productOf(device: GPUDevice, shape: Widths, half: boolean): Variant {
  const variant = chosenFor(half).get(device) ?? USUAL;
  return { ...variant, lanes: variant.lanes === lanesOf(shape) ? variant.lanes : 1 };
}

/**
 * Measures once a device, which takes some tens of milliseconds.
 * @param half whether operands may be rounded to float16
 */
export async function chooseProduct(
  queue: KernelQueue,
  shape: KvProjectionShape,
  half: boolean,
): Promise<void> {
  const known = chosenFor(half);
  if (known.has(queue.device)) return;
  const variants = candidates(queue.device, shape, half);
  known.set(queue.device, bestOf(await productTimes(queue, shape, variants, BUDGET), USUAL));
}

/** The variants that the device and the shapes have: the usual one, then what promises most. */
export function candidates(
  device: Pick<GPUDevice, "features">,
  shape: Widths,
  half: boolean,
): readonly Variant[] {
  const others = [...new Set([lanesOf(shape), 1] as const)]
    .flatMap((lanes) => (half ? [true, false] : [false]).map((half) => ({ lanes, half })))
    .flatMap((kind) => TILES.map((tile): Variant => ({ ...tile, ...kind })))
    .filter((variant) => variantName(variant) !== variantName(USUAL))
    .filter((variant) => runsOn(device, [kvProjectionKernel(variant)]));
  return [USUAL, ...others];
}

/** How many numbers at a time can be read of c [R, E], W [E, S] and K/V [R, S]. */
function lanesOf({ textWidth, columns }: Widths): 1 | 4 {
  return textWidth % 4 === 0 && columns % 4 === 0 ? 4 : 1;
}

/**
 * Milliseconds of a projection and both its gradients, by variant.
 * @param budget milliseconds after which no further variant is tried
 */
export async function productTimes(
  queue: KernelQueue,
  shape: KvProjectionShape,
  variants: readonly Variant[],
  budget = Infinity,
): Promise<ReadonlyMap<Variant, number>> {
  const { batch, tokens, textWidth, columns } = shape;
  const made: GPUBuffer[] = [];
  const storage = async (...dims: number[]): Promise<GPUBuffer> => {
    const buffer = await createStorage(queue.device, elementCount(dims), "a measurement");
    made.push(buffer);
    return buffer;
  };
  const times = new Map<Variant, number>();
  try {
    const c = await storage(batch, tokens, textWidth);
    const w = await storage(textWidth, columns);
    const kv = await storage(batch, tokens, columns);
    const dW = await storage(textWidth, columns);
    const partials = await storage(partialsLength(shape));
    const dC = await storage(batch, tokens, textWidth);
    const end = performance.now() + budget;
    for (const variant of variants) {
      if (times.size > 0 && performance.now() > end) break;
      const work = [
        ...kvProjection(shape, { c, w, kv }, undefined, variant),
        ...kvWeightGradient(shape, { c, dKv: kv, dW }, undefined, variant),
        ...kvTextGradient(shape, { dKv: kv, w, partials, dC }, undefined, undefined, variant),
      ];
      times.set(variant, await fastest(queue, work));
    }
  } finally {
    for (const buffer of made) buffer.destroy();
  }
  return times;
}
