/** @file The command line: reads the arguments, runs one command, turns errors into one sentence and exit code 2. */
import { Command, CommanderError } from "commander";
import { StudioError } from "../core/errors.ts";
import { compose } from "./compose.ts";
import { compress } from "./compress.ts";
import { convert } from "./convert.ts";
import { evaluate } from "./evaluate.ts";
import { fetchModel } from "./fetch.ts";
import { generate } from "./generate.ts";
import { inspect } from "./inspect.ts";
import { merge } from "./merge.ts";
import { train } from "./train.ts";

/** Exit codes for bad input, as opposed to a defect of ours (1), and for being stopped, as shells have it for Ctrl-C. */
const BAD_INPUT = 2;
const INTERRUPTED = 130;

/** Of commands that compute in float16 where they are asked to. */
const PRECISION = [
  "--precision <name>",
  "float32, float16 (needs a GPU) or auto: float16 for large models on a GPU that can (default: auto)",
] as const;

/** Of every command that computes on a backend. */
const WITHOUT = [
  "--without <names>",
  "Optimisations to leave out, separated by commas, or all (to compare)",
] as const;

const cli = new Command("npm run -s cli --")
  .exitOverride()
  // What is wrong is said below, once.
  .configureOutput({ writeErr: () => undefined })
  .allowExcessArguments(false)
  .addHelpText(
    "after",
    `
Examples:
  npm run -s cli -- train --images photos --category bear --out teddy.concept.safetensors
  npm run -s cli -- generate --concept teddy.concept.safetensors --prompt "photo of a <new1> bear on the beach" --out images
  npm run -s cli -- evaluate --concept teddy.concept.safetensors --images photos
  npm run -s cli -- inspect teddy.concept.safetensors`,
  );

cli
  .command("inspect <file>")
  .description(
    "Say what a concept file holds, or what an ONNX file is and what training it would take",
  )
  .option("--json", "Print one JSON object and nothing else")
  .option("--batch <n>", "Batch size of the training graph (default: 4; with --plan, the model's)")
  .option(
    "--plan",
    "For a model's name or folder: what training will take in memory, and how it is made to fit",
  )
  .option("--memory <size>", "What the plan may use: 8GB, 6500MB (default: 8GB, 4 GiB for wasm)")
  .option("--backend <name>", "webgpu or wasm: what the plan is for", "webgpu")
  .option("--no-float16", "The plan is for a GPU that cannot compute with float16")
  .action(inspect);

cli
  .command("train")
  .description(
    "Learn a thing from photos, or several together (each option of a thing given once a thing): writes a concept file",
  )
  .option("--images <folder>", "Photos of the thing, 3 to 20 of them", collected)
  .option("--category <word>", "What kind of thing it is, as the model knows it: bear", collected)
  .option("--out <file>", "The concept file to write, ending in .concept.safetensors")
  .option(
    "--reg <which>",
    "Regularisation images: a folder with metadata.jsonl, generate[:N], or none (default: generate:40)",
    collected,
  )
  .option("--token <token>", "The new word (default: <new1>, <new2>, ...)", collected)
  .option("--steps <n>", "Training steps (default, as for batch and rates: by the model's family)")
  .option("--batch <n>", "Images of a step, half of them regularisation images")
  .option("--micro-batch <n>", "Images of one pass; passes add up to a step")
  .option("--lr <x>", "Learning rate of the projections")
  .option("--token-lr <x>", "Learning rate of the new word (follows --lr unless set)")
  .option("--weight-decay <x>", "AdamW's weight decay of the projections")
  .option("--clip <norm>", "Clip a step's gradients at this global norm")
  .option("--no-clip", "Leave gradients as they are")
  .option("--train <what>", "kv+token, kv, token, or crossattn (for faces)")
  .option("--no-augment", "Train on the photos as they are")
  .option("--views <n>", "Augmented views prepared of each photo")
  .option("--template <text>", 'Caption of a photo (default: "photo of a {}")')
  .option("--seed <n>", "Seed of everything that is drawn")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--backend <name>", "auto, wasm or webgpu")
  .option(...PRECISION)
  .option(
    "--memory <size>",
    "What training may use of the GPU's memory: 8GB, 6500MB (default: 8GB)",
  )
  .option(...WITHOUT)
  .option(
    "--with <names>",
    "Optimisations that give precision away, separated by commas: gpu-half-products",
  )
  .option("--resume", "Go on from the checkpoint beside --out")
  .option("--json", "Print one JSON object and nothing else")
  .action(train);

withSampling(cli.command("generate"))
  .description("Paint a prompt, with a concept or without: writes PNG files")
  .option("--prompt <text>", "What to paint")
  .option("--out <folder>", "Where the images go")
  .option("--concept <file>", "A concept file; its token goes into the prompt", collected)
  .option("--seed <n>", "Seed of the first image; the others count on (default: 1)")
  .option("--count <n>", "Number of images (default: 1)")
  .option("--batch <n>", "Images sampled together (default: 1)")
  .option("--strength <x>", "Factor on what the concept changed (default: 1)")
  .option(
    "--attention <folder>",
    "Also write where each word of the prompt looks: one picture a word (docs/attention.md)",
  )
  .option(
    "--reset <what>",
    "Take back the concept's difference, token or both, to see what each does",
  )
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--backend <name>", "auto, wasm or webgpu")
  .option(...PRECISION)
  .option(...WITHOUT)
  .option("--json", "Print one JSON object and nothing else")
  .action(generate);

cli
  .command("merge")
  .description("Make one concept of several that were trained apart, by the closed form")
  .option("--concept <file>", "A concept file; at least two", collected)
  .option("--out <file>", "The concept file to write, ending in .concept.safetensors")
  .option("--strength <x>", "Factor on what the concepts changed, one or one each (default: 1)")
  .option("--captions <file>", "Captions, one a line, that the merged model is kept true to")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--backend <name>", "auto, wasm or webgpu")
  .option(...WITHOUT)
  .option("--json", "Print one JSON object and nothing else")
  .action(merge);

withSampling(cli.command("compose"))
  .description("Paint a prompt with several concepts, combined at each step: writes PNG files")
  .option("--prompt <text>", "What to paint, with the tokens of all")
  .option("--out <folder>", "Where the images go")
  .option("--concept <file>", "A concept file; at least two", collected)
  .option("--weights <list>", 'One number a concept, like 0.6,0.4, or "solved" (default: solved)')
  .option("--regions <files>", "A picture a concept, like a.png,b.png: bright where it paints")
  .option("--strength <x>", "Factor on what the concepts changed, one or one each (default: 1)")
  .option("--seed <n>", "Seed of the first image; the others count on (default: 1)")
  .option("--count <n>", "Number of images (default: 1)")
  .option("--batch <n>", "Images sampled together (default: 1)")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--backend <name>", "auto, wasm or webgpu")
  .option(...WITHOUT)
  .option("--json", "Print one JSON object and nothing else")
  .action(compose);

cli
  .command("compress")
  .description(
    "Make a concept file smaller: its difference as factors, by share of singular values",
  )
  .option("--concept <file>", "A concept file", collected)
  .option("--keep <x>", "Share of the sum of singular values that remains (default: 0.6)")
  .option("--out <file>", "The concept file to write; left out, only size and error are said")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--json", "Print one JSON object and nothing else")
  .action(compress);

cli
  .command("convert <files...>")
  .description(
    "Write a concept file as other tools load it, or make one of their files (weights and words together)",
  )
  .option(
    "--to <format>",
    "concept, diffusers, diffusers-bin, delta-bin, delta-compressed, compvis, webui or lora (default: concept)",
  )
  .option("--out <path>", "The file to write; a folder for diffusers, webui and lora")
  .option(
    "--category <word>",
    "What a word of another tool's file is, as the model knows it; once a word",
    collected,
  )
  .option("--keep <x>", "Share of the singular values that factors keep (default: 0.6; lora: 0.9)")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--json", "Print one JSON object and nothing else")
  .action(convert);

cli
  .command("fetch <repository>")
  .description(
    "Download a model from Hugging Face into a folder for --model; the same command goes on where it was (docs/models.md)",
  )
  .option("--out <folder>", "The folder to download into")
  .option("--revision <name>", "A branch, a tag or a commit (default: main)")
  .option("--server <address>", "Another server that answers as https://huggingface.co does")
  .option(
    "--token-file <file>",
    "A file that holds an access token (default: the variable HF_TOKEN)",
  )
  .option("--json", "Print one JSON object and nothing else")
  .action(fetchModel);

withSampling(cli.command("evaluate"))
  .description("Score pictures: likeness to photos, and to their prompts")
  .option("--images <folder>", "Photos of the thing")
  .option("--concept <file>", "Paint with this concept, and score that", collected)
  .option("--category <word>", "Paint with this word alone instead of token and category")
  .option("--generated <folder>", "Score these pictures (with metadata.jsonl) instead of painting")
  .option("--prompts <file>", "One prompt a line, {} for the thing (default: eight scenes)")
  .option("--seed <n>", "Seed of the first image; all others count on (default: 1)")
  .option("--count <n>", "Images a prompt (default: 1)")
  .option("--batch <n>", "Images sampled together (default: 1)")
  .option("--model <name>", "Base model: toybox-256, a folder, or a checkpoint")
  .option("--backend <name>", "auto, wasm or webgpu")
  .option(...WITHOUT)
  .option("--json", "Print one JSON object and nothing else")
  .action(evaluate);

/** Options of commands that paint. */
function withSampling(command: Command): Command {
  return command
    .option("--negative-prompt <text>", "What to steer away from")
    .option("--sampler <name>", "ddim, pndm, euler-a or dpmpp-2m (default: ddim)")
    .option("--steps <n>", "Denoising steps (default: 25)")
    .option("--guidance <x>", "Scale of classifier-free guidance (default: 5)")
    .option("--eta <x>", "Noise of ddim, from 0 to 1 (default: 0)");
}

/** Values of an option that may be given several times. */
function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

try {
  if (process.argv.length <= 2) {
    throw new StudioError("invalid-input", "Name a command; --help lists them.");
  }
  await cli.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Says what is wrong; help that was asked for is not. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    console.error(sentenceOf(error));
    return BAD_INPUT;
  }
  if (error instanceof StudioError) {
    console.error(error.message);
    return error.code === "cancelled" ? INTERRUPTED : BAD_INPUT;
  }
  console.error(error);
  return 1;
}

/** commander's message as a sentence on one line. */
function sentenceOf({ message }: CommanderError): string {
  const text = message.replace(/^error: /, "").replaceAll("\n", " ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}; --help lists what there is.`;
}
