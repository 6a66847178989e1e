/** @file Tells the UNet of Stable Diffusion 1.x and 2.x from other models' denoisers, by what they take. */
import { StudioError } from "../errors.ts";
import type { Declared, Graph } from "../onnx/graph.ts";

/** Of every Stable Diffusion 1.x and 2.x text-to-image model. */
export const LATENT_CHANNELS = 4;

const INPUTS = ["sample", "timestep", "encoder_hidden_states"] as const;

/** What else other denoisers take; the first of these models whose inputs are all there is the one that it is called. */
const OTHERS: readonly { readonly what: string; readonly takes: readonly string[] }[] = [
  { what: "the UNet of Stable Diffusion XL", takes: ["text_embeds", "time_ids"] },
  { what: "the transformer of Flux", takes: ["hidden_states", "img_ids", "txt_ids"] },
  {
    what: "the transformer of Stable Diffusion 3",
    takes: ["hidden_states", "pooled_projections"],
  },
  { what: "the UNet of a distilled model", takes: ["timestep_cond"] },
];

/** @throws StudioError "model-unsupported" where it is another model's denoiser, "model-not-a-unet" where it is none */
export function refuseOthers({ inputs, outputs }: Graph): void {
  const names = inputs.map(({ name }) => name);
  const other = OTHERS.find(({ takes }) => takes.every((name) => names.includes(name)));
  if (other !== undefined) {
    const further = other.takes.join(" and ");
    throw new StudioError(
      "model-unsupported",
      `This is ${other.what}, which ${names.includes("sample") ? "also takes" : "takes"} ${further}; the studio works with Stable Diffusion 1.x and 2.x: choose a model of these.`,
    );
  }
  const missing = INPUTS.filter((name) => !names.includes(name));
  if (missing.length > 0 || outputs.length !== 1) {
    throw new StudioError(
      "model-not-a-unet",
      `This ONNX file is not a Stable Diffusion UNet: it takes ${list(inputs)} and gives ${list(outputs)}, where a UNet takes sample, timestep and encoder_hidden_states and gives one prediction; choose the model's unet/model.onnx.`,
    );
  }
  const channels = inputs.find(({ name }) => name === "sample")?.dims[1];
  if (typeof channels === "number" && channels !== LATENT_CHANNELS) {
    throw new StudioError(
      "model-unsupported",
      `This UNet takes ${channels} channels where text-to-image models take ${LATENT_CHANNELS} (inpainting and depth models take more); choose a text-to-image model of Stable Diffusion 1.x or 2.x.`,
    );
  }
}

function list(values: readonly Declared[]): string {
  return values.length === 0 ? "nothing" : values.map(({ name }) => name).join(", ");
}
