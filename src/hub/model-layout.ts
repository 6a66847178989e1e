/** @file Which files of a chosen folder make up a model in optimum's ONNX layout, and what is missing of it. */
import { StudioError } from "../core/errors.ts";

export interface FolderEntry {
  /** As the browser gives it, the folder's own name first: "my-model/unet/model.onnx". */
  readonly path: string;
  readonly bytes: number;
}

export interface ModelLayout {
  /** What the folder is called. */
  readonly name: string;
  /** What stands before the model's paths in those of the folder: "my-model/". */
  readonly root: string;
  /** Paths inside the model of what is needed. Weights outside of the .onnx files are not among them yet. */
  readonly needed: readonly string[];
  /** Whether tokenizer/tokenizer.json has to be made of vocab.json and merges.txt. */
  readonly makesTokenizer: boolean;
}

export const PARTS = ["unet", "text_encoder", "vae_encoder", "vae_decoder"] as const;

const TOKENIZER = "tokenizer/tokenizer.json";
const TOKENIZER_SOURCES = ["tokenizer/vocab.json", "tokenizer/merges.txt"] as const;

const REQUIRED = [
  ...PARTS.map((part) => `${part}/model.onnx`),
  "unet/config.json",
  "vae_decoder/config.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
] as const;

/** Read where they are there; licences travel with the weights. */
const OPTIONAL = [
  "model_index.json",
  "studio.json",
  "README.md",
  "LICENSE",
  "LICENSE.md",
  "LICENSE.txt",
  "NOTICE",
  "text_encoder/config.json",
  "vae_encoder/config.json",
  "clip/config.json",
  "clip/image_encoder.onnx",
  "clip/text_encoder.onnx",
] as const;

/** @throws StudioError "invalid-input" that names what is missing */
export function readLayout(entries: readonly FolderEntry[]): ModelLayout {
  const root = findRoot(entries);
  const folders = root.split("/").slice(0, -1);
  // Repositories keep ONNX files in a folder of that name, which says nothing.
  const name =
    (folders.at(-1) === "onnx" ? folders.at(-2) : undefined) ?? folders.at(-1) ?? "model";
  const inside = new Set(
    entries.filter(({ path }) => path.startsWith(root)).map(({ path }) => path.slice(root.length)),
  );
  if (inside.has("text_encoder_2/model.onnx") || inside.has("text_encoder_2/config.json")) {
    throw new StudioError(
      "invalid-input",
      `"${name}" has a second text encoder, as Stable Diffusion XL and later have; the studio works with Stable Diffusion 1.x and 2.x.`,
    );
  }
  const makesTokenizer =
    !inside.has(TOKENIZER) && TOKENIZER_SOURCES.every((path) => inside.has(path));
  const required = [...REQUIRED, ...(makesTokenizer ? [] : [TOKENIZER])];
  const missing = required.filter((path) => !inside.has(path));
  if (missing.length > 0) throw incomplete(name, missing, inside);
  return {
    name,
    root,
    needed: [...required, ...OPTIONAL.filter((path) => inside.has(path))],
    makesTokenizer,
  };
}

/** The folder that has a UNet in it, nearest to the top: people choose the folder around it as well. */
function findRoot(entries: readonly FolderEntry[]): string {
  const top = (entries[0]?.path.split("/")[0] ?? "") + "/";
  const roots = entries
    .filter(({ path }) => path.endsWith("/unet/model.onnx"))
    .map(({ path }) => path.slice(0, -"unet/model.onnx".length));
  const depth = (root: string): number => root.split("/").length;
  const nearest = Math.min(...roots.map(depth));
  const [first, ...others] = roots.filter((root) => depth(root) === nearest);
  if (first === undefined) return top;
  if (others.length === 0) return first;
  const names = [first, ...others].map((root) => `"${root.slice(0, -1)}"`);
  throw new StudioError(
    "invalid-input",
    `The folder holds several models (${names.join(", ")}); choose one of them.`,
  );
}

function incomplete(
  name: string,
  missing: readonly string[],
  inside: ReadonlySet<string>,
): StudioError {
  const noGraph = PARTS.every((part) => !inside.has(`${part}/model.onnx`));
  const elsewhere = [...inside].some((path) => /\.(safetensors|ckpt|bin)$/.test(path));
  if (noGraph && elsewhere) {
    return new StudioError(
      "invalid-input",
      `"${name}" holds weights for PyTorch but no ONNX files; export it first: optimum-cli export onnx --model ${name} ${name}-onnx`,
    );
  }
  if (noGraph) {
    return new StudioError(
      "invalid-input",
      `"${name}" is no model in optimum's ONNX layout: it has none of ${PARTS.map((part) => `${part}/model.onnx`).join(", ")}. Choose the folder that holds the folder unet.`,
    );
  }
  return new StudioError(
    "invalid-input",
    `"${name}" is not complete: it has no ${missing.join(", ")}. Add what is missing, or fetch or export the model again.`,
  );
}
