/** @file Which files hold the weights of a part that has no ONNX file, as diffusers and transformers name them. */

export const PARTS = ["unet", "text_encoder", "vae_encoder", "vae_decoder"] as const;
export type Part = (typeof PARTS)[number];

/** Where a part's configuration and weights lie: the VAE's halves are one model there. */
export const WEIGHT_FOLDERS: Readonly<Record<Part, string>> = {
  unet: "unet",
  text_encoder: "text_encoder",
  vae_encoder: "vae",
  vae_decoder: "vae",
};

/** A way in which a part's weights may be kept. */
export interface WeightFiles {
  /** The file, or the list of those that they are split into. */
  readonly path: string;
  /** Of a list: matches the paths that it is a list of, and how many there are. */
  readonly shards: RegExp | null;
}

/**
 * Ways to keep a part's weights, the preferred first: float16 before float32, because it is half as large to fetch and to
 * keep, and what it leaves out of trained weights is not seen in images.
 */
export function weightFilesOf(part: Part): readonly WeightFiles[] {
  const folder = WEIGHT_FOLDERS[part];
  const stem = `${folder}/${folder === "text_encoder" ? "model" : "diffusion_pytorch_model"}`;
  return [".fp16", ""].flatMap((variant) => [
    { path: `${stem}${variant}.safetensors`, shards: null },
    {
      path: `${stem}.safetensors.index${variant}.json`,
      shards: new RegExp(
        `^${stem}${variant}-(\\d{5})-of-(\\d{5})\\.safetensors$`.replaceAll(".fp16", "\\.fp16"),
      ),
    },
  ]);
}

/** The paths of one of the ways, whichever is there as a whole; null where none is. */
export function findWeights(part: Part, inside: ReadonlySet<string>): readonly string[] | null {
  for (const { path, shards } of weightFilesOf(part)) {
    if (!inside.has(path)) continue;
    if (shards === null) return [path];
    const found = [...inside].filter((other) => shards.test(other)).sort();
    const whole = Number(shards.exec(found[0] ?? "")?.[2] ?? 0);
    if (whole > 0 && found.length === whole) return [path, ...found];
  }
  return null;
}

/** Weights in a format that is a program, which the studio does not read. */
export function pickledWeights(part: Part, inside: ReadonlySet<string>): string | undefined {
  const folder = WEIGHT_FOLDERS[part];
  return [...inside].find((path) => path.startsWith(`${folder}/`) && path.endsWith(".bin"));
}
