/** @file The job of looking again: an image is sampled as it was, and what is kept is where each word of its prompt looks. */
import { AttentionSum } from "../../core/attention/attention-sum.ts";
import { throwIfAborted } from "../../core/cancel.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { AttentionJob, AttentionProgress, PromptAttention } from "../../rpc/contracts.ts";
import { chooseConcepts, type GenerateControls } from "./generate-images.ts";
import type { OpenModel } from "./open-model.ts";

/** @throws StudioError "invalid-input" where concepts are combined at each step, or one is not here any more */
export async function attentionMaps(
  open: OpenModel,
  job: AttentionJob,
  emit: (event: AttentionProgress) => void,
  controls: GenerateControls,
): Promise<PromptAttention> {
  throwIfAborted(controls.signal);
  await chooseConcepts(open, job, emit, controls);
  const { prompt, negativePrompt, sampler, steps, guidance, eta, seed } = job;
  const sum = new AttentionSum(CLIP_TOKENS);
  await open.pipeline.generate(
    { prompt, negativePrompt, sampler, steps, guidance, eta, seeds: [seed], batch: 1 },
    {
      signal: controls.signal,
      onStep: (done, total) => emit({ kind: "progress", done, total }),
      onAttention: (maps) => sum.add(maps),
    },
  );
  const [, , height, width] = open.model.unet.latents;
  return { height, width, words: sum.heats(open.pipeline.words(prompt), height, width) };
}
