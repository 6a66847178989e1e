/** @file A plan in words: what will be done, what it takes, and where it does not fit, by how much and why. */
import type { TrainingChoices } from "./choices.ts";
import type { PlanPhase, TrainingPlan } from "./training-plan.ts";

/** "6.4 GB", "740 MB": as memory is sold, in powers of ten. */
export function memoryText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}

/** What is done so that it fits, one short phrase each. */
function choicePhrases({
  precision,
  microBatch,
  segments,
  attentionBytes,
  keepsSampling,
}: TrainingChoices): string[] {
  return [
    precision,
    microBatch === 1 ? "one image a pass" : `${microBatch} images a pass`,
    attentionBytes === undefined ? "attention whole" : "attention in parts",
    segments === 1
      ? "nothing computed twice"
      : `forward pass computed again in ${segments} segments`,
    ...(keepsSampling ? ["previews while it trains"] : []),
  ];
}

/** Fullest first. */
export function fullestPhase({ phases }: Pick<TrainingPlan, "phases">): PlanPhase {
  const [first, ...others] = phases;
  if (first === undefined) throw new RangeError("a plan has phases");
  return others.reduce((most, phase) => (phase.bytes > most.bytes ? phase : most), first);
}

export function planSentence(plan: TrainingPlan): string {
  const { choices, peak, device, largest, fits } = plan;
  const how = choicePhrases(choices).join(", ");
  const budget = memoryText(device.budget);
  if (fits) return `Training takes ${memoryText(peak)} of the ${budget} that it may use: ${how}.`;
  const where = device.backend === "webgpu" ? "the GPU" : "WebAssembly, whose heap ends there";
  if (peak <= device.budget) {
    return `Training does not fit: one of its tensors takes ${memoryText(largest)}, and this GPU binds no more than ${memoryText(device.largestBuffer)} at once. Use a smaller picture size, or a GPU with larger buffers.`;
  }
  const items = [...fullestPhase(plan).items].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  const most = items.map(({ name, bytes }) => `${memoryText(bytes)} ${name}`).join(", ");
  const advice =
    device.backend === "wasm"
      ? "Use a GPU with WebGPU, or a smaller model."
      : device.half || choices.precision === "float16"
        ? "Allow it more memory where the GPU has more, or use a smaller model."
        : "A GPU that computes with float16 (shader-f16) needs about half of it.";
  return `Training does not fit: at its least (${how}) it takes ${memoryText(peak)}, ${memoryText(peak - device.budget)} more than the ${budget} that it may use of ${where}: ${most}. ${advice}`;
}
