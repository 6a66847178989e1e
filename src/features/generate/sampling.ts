/** @file How images are sampled where the person does not say. */
import type { SamplerName } from "../../core/diffusion/sampler.ts";
import type { GenerationForm } from "../../state/generation-form.ts";

export interface Sampling {
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly guidance: number;
  readonly eta: number;
}

/** @param textWidth of the open model, which tells the family; null while it is not known */
export function samplingOf(
  form: Pick<GenerationForm, "sampler" | "steps" | "guidance" | "eta">,
  textWidth: number | null,
): Sampling {
  // Stable Diffusion, or the small model that comes with the studio, which was judged at 4.5.
  const usual =
    textWidth !== null && textWidth >= 768
      ? ({ sampler: "dpmpp-2m", steps: 25, guidance: 7.5 } as const)
      : ({ sampler: "dpmpp-2m", steps: 20, guidance: 4.5 } as const);
  const sampler = form.sampler ?? usual.sampler;
  return {
    sampler,
    steps: form.steps ?? usual.steps,
    guidance: form.guidance ?? usual.guidance,
    eta: sampler === "ddim" ? form.eta : 0,
  };
}
