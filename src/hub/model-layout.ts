/** @file Which files of a chosen folder make up a model (ONNX files, safetensors of diffusers, one checkpoint), and what is missing of it. */
import { StudioError } from "../core/errors.ts";
import { findCheckpoint } from "./checkpoint-layout.ts";
import {
  findWeights,
  type Part,
  PARTS,
  pickledWeights,
  WEIGHT_FOLDERS,
  weightFilesOf,
} from "./weight-files.ts";

export { PARTS } from "./weight-files.ts";

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
  /** Whether it has no VAE encoder: such a model paints, and cannot be trained. */
  readonly paintsOnly: boolean;
  /** The one file of a checkpoint, whose configurations and tokenizer have to be made; null for a folder of parts. */
  readonly checkpoint: string | null;
}

const TOKENIZER = "tokenizer/tokenizer.json";
const TOKENIZER_SOURCES = ["tokenizer/vocab.json", "tokenizer/merges.txt"] as const;

const REQUIRED = [
  "unet/config.json",
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
  const inside = new Set(
    entries.filter(({ path }) => path.startsWith(root)).map(({ path }) => path.slice(root.length)),
  );
  const hasParts = [...inside].some((path) => path.startsWith("unet/"));
  if (!hasParts) {
    const found = findCheckpoint(entries);
    if (found !== null) return found;
  }
  const name = nameOf(root);
  refuseOtherFamilies(name, inside);
  const makesTokenizer =
    !inside.has(TOKENIZER) && TOKENIZER_SOURCES.every((path) => inside.has(path));
  const parts = PARTS.map((part) => partFiles(part, inside));
  // ONNX exports for painting alone leave the encoder out.
  const paintsOnly = isOnnx("vae_decoder", inside) && partIsMissing("vae_encoder", inside);
  const required = new Set([
    ...parts.flat().filter((path) => !(paintsOnly && path.startsWith("vae_encoder/"))),
    ...REQUIRED,
    ...(makesTokenizer ? [] : [TOKENIZER]),
  ]);
  const missing = [...required].filter((path) => !inside.has(path));
  if (missing.length > 0) throw incomplete(name, missing, inside);
  const optional = OPTIONAL.filter((path) => inside.has(path) && !required.has(path));
  const needed = [...required, ...optional];
  return { name, root, needed, makesTokenizer, paintsOnly, checkpoint: null };
}

const isOnnx = (part: Part, inside: ReadonlySet<string>): boolean =>
  inside.has(`${part}/model.onnx`);

const partIsMissing = (part: Part, inside: ReadonlySet<string>): boolean =>
  !isOnnx(part, inside) && findWeights(part, inside) === null;

/** What a part needs: its ONNX file, or its weights and their configuration where it has none. */
function partFiles(part: Part, inside: ReadonlySet<string>): readonly string[] {
  const weights = isOnnx(part, inside) ? null : findWeights(part, inside);
  const own = `${WEIGHT_FOLDERS[part]}/config.json`;
  if (weights !== null) return [...weights, own];
  // Of a folder without any ONNX file what is missing is weights.
  if (!hasAnyOnnx(inside) && hasAnyWeights(inside)) {
    return [weightFilesOf(part).at(-2)?.path ?? "", own];
  }
  const graph = `${part}/model.onnx`;
  if (part !== "vae_decoder") return [graph];
  // It says how latents are scaled; diffusers says so once for both halves.
  const half = "vae_decoder/config.json";
  return [graph, inside.has(own) && !inside.has(half) ? own : half];
}

const hasAnyOnnx = (inside: ReadonlySet<string>): boolean =>
  PARTS.some((part) => isOnnx(part, inside));

const hasAnyWeights = (inside: ReadonlySet<string>): boolean =>
  PARTS.some((part) => findWeights(part, inside) !== null);

/** Repositories keep ONNX files in a folder of that name, which says nothing. */
function nameOf(root: string): string {
  const folders = root.split("/").slice(0, -1);
  return (folders.at(-1) === "onnx" ? folders.at(-2) : undefined) ?? folders.at(-1) ?? "model";
}

function refuseOtherFamilies(name: string, inside: ReadonlySet<string>): void {
  const has = (folder: string): boolean => [...inside].some((path) => path.startsWith(folder));
  const family = has("text_encoder_2/")
    ? "has a second text encoder, as Stable Diffusion XL and later have"
    : has("transformer/")
      ? "has a transformer in place of a UNet, as Stable Diffusion 3 and Flux have"
      : null;
  if (family === null) return;
  throw new StudioError(
    "invalid-input",
    `"${name}" ${family}; the studio works with Stable Diffusion 1.x and 2.x.`,
  );
}

/**
 * The folder that has a UNet in it, nearest to the top: people choose the folder around it as well. One with ONNX files
 * comes before one with other weights, as long as it has all of them.
 */
function findRoot(entries: readonly FolderEntry[]): string {
  const top = (entries[0]?.path.split("/")[0] ?? "") + "/";
  const paths = new Set(entries.map(({ path }) => path));
  const exported = rootsOf(paths, /unet\/model\.onnx$/);
  const others = rootsOf(paths, /unet\/diffusion_pytorch_model[^/]*\.(?:safetensors|bin)$/);
  const whole = (root: string): boolean =>
    PARTS.every((part) => part === "vae_encoder" || paths.has(`${root}${part}/model.onnx`));
  const roots = exported.some(whole) || others.length === 0 ? exported : others;
  const depth = (root: string): number => root.split("/").length;
  const nearest = Math.min(...roots.map(depth));
  const [first, ...more] = roots.filter((root) => depth(root) === nearest);
  if (first === undefined) return top;
  if (more.length === 0) return first;
  const names = [first, ...more].map((root) => `"${root.slice(0, -1)}"`);
  throw new StudioError(
    "invalid-input",
    `The folder holds several models (${names.join(", ")}); choose one of them.`,
  );
}

/** What stands before the paths that end so, which begin with a folder's name. */
function rootsOf(paths: ReadonlySet<string>, end: RegExp): string[] {
  const roots = [...paths].flatMap((path) => {
    const at = path.search(end);
    return at > 0 && path[at - 1] === "/" ? [path.slice(0, at)] : [];
  });
  return [...new Set(roots)];
}

function incomplete(
  name: string,
  missing: readonly string[],
  inside: ReadonlySet<string>,
): StudioError {
  const pickled = PARTS.filter((part) => partIsMissing(part, inside))
    .map((part) => pickledWeights(part, inside))
    .find((path) => path !== undefined);
  if (pickled !== undefined) {
    return new StudioError(
      "invalid-input",
      `"${name}" keeps weights in ${pickled}, a format that can hold programs; save it as safetensors first, in Python: DiffusionPipeline.from_pretrained("${name}").save_pretrained("${name}-safetensors"), or export it to ONNX: optimum-cli export onnx --model ${name} ${name}-onnx`,
    );
  }
  if (!hasAnyOnnx(inside) && !hasAnyWeights(inside)) {
    return new StudioError(
      "invalid-input",
      `"${name}" is no model that the studio knows: it has neither ${PARTS.map((part) => `${part}/model.onnx`).join(", ")} nor diffusers' safetensors. Choose the folder that holds the folder unet.`,
    );
  }
  return new StudioError(
    "invalid-input",
    `"${name}" is not complete: it has no ${missing.join(", ")}. Add what is missing, or fetch or export the model again.`,
  );
}
