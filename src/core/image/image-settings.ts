/** @file How a generated image was made: what the gallery keeps of it, and what its PNG carries. */
import { z } from "zod";
import { SAMPLERS } from "../diffusion/sampler.ts";
import { StudioError } from "../errors.ts";

const usedConcept = z.object({
  /** Id in this studio's store; another studio has another. */
  id: z.string().max(100),
  name: z.string().max(200),
  token: z.string().max(100),
  category: z.string().max(100),
  /** Factor on the weight difference. */
  strength: z.number(),
});

/** How several concepts shared the picture. */
const composition = z.discriminatedUnion("kind", [
  /** Merged into one set of weights by the closed form. */
  z.object({ kind: z.literal("merged") }),
  /** Combined at each step, with these weights, or weights solved for at each step. */
  z.object({ kind: z.literal("fixed"), weights: z.array(z.number()).max(16) }),
  z.object({ kind: z.literal("solved") }),
  /** Combined at each step by painted regions: a mask a concept, a byte a latent, in base64. */
  z.object({ kind: z.literal("regions"), masks: z.array(z.string().max(100_000)).max(16) }),
]);

const imageSettings = z.object({
  prompt: z.string().max(20_000),
  negativePrompt: z.string().max(20_000),
  sampler: z.enum(SAMPLERS),
  steps: z.number().int().min(1).max(1000),
  guidance: z.number().min(0).max(100),
  eta: z.number().min(0).max(1),
  seed: z.number().int().min(0).max(0xffffffff),
  model: z.object({ id: z.string().max(200), fingerprint: z.string().max(100) }),
  concepts: z.array(usedConcept).max(16),
  backend: z.enum(["webgpu", "wasm"]),
  composition: composition.optional(),
});

export type ImageSettings = Readonly<z.infer<typeof imageSettings>>;
export type RecordedComposition = Readonly<z.infer<typeof composition>>;
export type UsedConcept = Readonly<z.infer<typeof usedConcept>>;

/** A concept as settings keep it, once a word of it; one without a word of its own is kept once, with an empty token. */
export function usedConcepts({
  tokens,
  ...concept
}: Omit<UsedConcept, "token" | "category"> & {
  readonly tokens: readonly Pick<UsedConcept, "token" | "category">[];
}): UsedConcept[] {
  const words = tokens.length === 0 ? [{ token: "", category: "" }] : tokens;
  return words.map(({ token, category }) => ({ ...concept, token, category }));
}

/** @throws StudioError "invalid-input" where the value is not what an image was made with */
export function parseImageSettings(value: unknown): ImageSettings {
  const parsed = imageSettings.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StudioError(
    "invalid-input",
    "The settings in this picture are damaged or of another program; they cannot be used again.",
    { cause: parsed.error },
  );
}

export { imageSettings as imageSettingsSchema };
