/**
 * @file `npm run profile -- [FILE.onnx | unet | training | text_encoder | vae_decoder | vae_encoder]`: the operators and
 * nodes that a graph spends its time in, on WebAssembly. Options: --batch N, --threads N, --model NAME_OR_FOLDER,
 * --top N, --runs N, --without NAMES, --json; for a file, --dim NAME=VALUE.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { openModelOption } from "../../src/cli/model.ts";
import { StudioError } from "../../src/core/errors.ts";
import { decodeModel } from "../../src/core/onnx/codec.ts";
import { graphFromModel } from "../../src/core/onnx/from-proto.ts";
import { EVERY_OPTIMISATION } from "../../src/core/optimisations.ts";
import { endProfile } from "../../src/engine/ort/profile-node.ts";
import { nodeRuntime } from "../../src/engine/ort/runtime-node.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { Session } from "../../src/engine/ort/session.ts";
import { folderFiles } from "../../src/hub/folder-files.ts";
import { externalReader } from "../../src/hub/model-files.ts";
import { someFeeds } from "../some-feeds.ts";
import { type ReadableGraph, studioGraph } from "../studio-graph.ts";
import { castEdges, fixDims } from "./foreign-graph.ts";
import { type ProfileOptions, readProfileOptions, type Subject } from "./options.ts";
import { readProfile } from "./read-profile.ts";
import { profileText } from "./show-profile.ts";

interface Opened extends ReadableGraph {
  readonly title: string;
  /** Dimensions that the file leaves open, as they were fixed. */
  readonly fixed: readonly string[];
}

try {
  await profile(readProfileOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function profile(options: ProfileOptions): Promise<void> {
  const { threads, runs, optimisations, top } = options;
  const runtime = nodeRuntime(threads, optimisations);
  const { title, fixed, graph, read } = await open(options.subject, runtime);
  const session = await Session.create(runtime, graph, read, { name: title, profile: true });
  const feeds = someFeeds(graph);
  // The first run allocates.
  for (let run = 0; run <= runs; run++) await session.run(feeds);
  const measured = readProfile(endProfile(session));
  await session.release();
  const without = [...EVERY_OPTIMISATION].filter((name) => !optimisations.has(name));
  if (options.json) {
    const operators = measured.operators.slice(0, top);
    const nodes = measured.nodes.slice(0, top);
    console.log(
      JSON.stringify({ graph: title, threads, without, fixed, ...measured, operators, nodes }),
    );
    return;
  }
  const note =
    fixed.length === 0 ? [] : [`fixed where the file leaves it open: ${fixed.join(", ")}`];
  const many = threads === 1 ? "1 thread" : `${threads} threads`;
  const less = without.length === 0 ? "" : `, without ${without.join(", ")}`;
  console.log([`${title}, ${many}${less}`, ...note, profileText(measured, top)].join("\n"));
}

async function open(subject: Subject, runtime: Runtime): Promise<Opened> {
  if ("file" in subject) return openFile(subject.file, subject.dims);
  const { graph: name, batch } = subject;
  const model = await openModelOption(subject.model, runtime.optimisations);
  const title = `${name} of ${model.id}, batch ${batch}`;
  return { title, fixed: [], ...(await studioGraph(model, name, batch, runtime)) };
}

async function openFile(file: string, dims: ReadonlyMap<string, number>): Promise<Opened> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `"${file}" cannot be read; give the path of an .onnx file.`,
      { cause },
    );
  });
  const { graph, fixed } = fixDims(graphFromModel(decodeModel(bytes, `"${file}"`)), dims);
  const read = externalReader(folderFiles(path.dirname(file)), ".");
  return { title: path.basename(file), fixed, graph: castEdges(graph), read };
}
