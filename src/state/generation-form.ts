/** @file What the form of the page Generate holds: it survives going to another page, and a reload. */
import { z } from "zod";
import { useStore } from "zustand";
import { createJSONStorage, persist, type StateStorage } from "zustand/middleware";
import { createStore, type StoreApi } from "zustand/vanilla";
import { SAMPLERS } from "../core/diffusion/sampler.ts";

const LARGEST_SEED = 0xffffffff;

const formSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string(),
  /** Null for these three: whatever suits the open model. */
  sampler: z.enum(SAMPLERS).nullable(),
  steps: z.number().int().min(1).max(1000).nullable(),
  guidance: z.number().min(0).max(100).nullable(),
  /** DDIM alone. */
  eta: z.number().min(0).max(1),
  /** Of the next job's first image. */
  seed: z.number().int().min(0).max(LARGEST_SEED),
  /** Keeps the seed for the job after. */
  seedLocked: z.boolean(),
  count: z.number().int().min(1).max(16),
  /** By concept id; 1 where it is not set. */
  strengths: z.record(z.string(), z.number().min(0).max(1.5)),
  /** Of concepts that share a token (in lower case), the id of the one last inserted or chosen. */
  chosen: z.record(z.string(), z.string()),
  /** A concept that has no token, so that no prompt can name it; used where it is set. */
  wordless: z.string().nullable(),
});

export type GenerationForm = Readonly<z.infer<typeof formSchema>>;

export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

export const initialForm = (): GenerationForm => ({
  prompt: "photo of a bear on the beach",
  negativePrompt: "",
  sampler: null,
  steps: null,
  guidance: null,
  eta: 0,
  seed: randomSeed(),
  seedLocked: false,
  count: 1,
  strengths: {},
  chosen: {},
  wordless: null,
});

/** @param storage is asked for once; where it cannot be had, the form lives as long as the page */
export function createGenerationForm(storage: () => StateStorage): StoreApi<GenerationForm> {
  return createStore<GenerationForm>()(
    persist(initialForm, {
      name: "studio-generate",
      version: 1,
      storage: createJSONStorage(storage),
      // What another version left is used as far as it can be, and never trusted.
      migrate: (stored) => stored,
      merge: (stored, current) => {
        const kept = typeof stored === "object" ? stored : null;
        const parsed = formSchema.safeParse({ ...current, ...kept });
        return parsed.success ? parsed.data : current;
      },
    }),
  );
}

/** One form for the page's life: there is one person at it. */
const generationForm = createGenerationForm(() => localStorage);

export const currentForm = (): GenerationForm => generationForm.getState();

export function useGenerationForm<T>(select: (form: GenerationForm) => T): T {
  return useStore(generationForm, select);
}

export function changeForm(fields: Partial<GenerationForm>): void {
  generationForm.setState(fields);
}
