/** @file What is measured, said so that it can be sent: every process and page that computes does the same work. */

export type WorkSpec =
  | {
      readonly work: "forward" | "training_step";
      readonly batch: number;
      /** Latent height and width, where they are not the model's own. */
      readonly size?: number;
      /** New words that are trained together; one where left out. */
      readonly concepts?: number;
    }
  | { readonly work: "image"; readonly steps: number; readonly guidance: number }
  | { readonly work: "decode" }
  /** Reading the model's files and making the sessions of a first image. */
  | { readonly work: "open" }
  | { readonly work: "merge"; readonly concepts: number };

export interface NamedWork {
  readonly name: string;
  readonly spec: WorkSpec;
  /** Rounds of so many that everything else gets: long work needs fewer. */
  readonly rounds: (rounds: number) => number;
}

const GUIDANCE = 4.5;
const all = (rounds: number): number => rounds;
const half = (rounds: number): number => Math.ceil(rounds / 2);

/** Every row of the comparison; the image takes so many denoising steps. */
export function comparedWork(imageSteps: number): readonly NamedWork[] {
  const image: WorkSpec = { work: "image", steps: imageSteps, guidance: GUIDANCE };
  return [
    { name: "forward, batch 4", spec: { work: "forward", batch: 4 }, rounds: all },
    { name: "training step, batch 2", spec: { work: "training_step", batch: 2 }, rounds: all },
    { name: "training step, batch 4", spec: { work: "training_step", batch: 4 }, rounds: all },
    { name: `one image, ${imageSteps} steps`, spec: image, rounds: half },
    { name: "VAE decode", spec: { work: "decode" }, rounds: all },
    { name: "model open", spec: { work: "open" }, rounds: all },
  ];
}
