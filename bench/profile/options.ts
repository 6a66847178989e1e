/** @file Options of `npm run profile`, read and checked. */
import { availableParallelism } from "node:os";
import { StudioError } from "../../src/core/errors.ts";
import { type Optimisations, optimisationsWithout } from "../../src/core/optimisations.ts";
import { readArgs, whole } from "../read-args.ts";
import { GRAPH_NAMES, type GraphName } from "../studio-graph.ts";

/** A graph that the studio makes of a model, or an ONNX file as it is. */
export type Subject =
  | { readonly graph: GraphName; readonly model: string; readonly batch: number }
  | { readonly file: string; readonly dims: ReadonlyMap<string, number> };

export interface ProfileOptions {
  readonly subject: Subject;
  readonly threads: number;
  /** Runs that are counted, after one that is not. */
  readonly runs: number;
  /** Operators, and nodes, that are named. */
  readonly top: number;
  /** All but those that --without names. */
  readonly optimisations: Optimisations;
  readonly json: boolean;
}

const OPTIONS = {
  batch: { type: "string" },
  threads: { type: "string" },
  model: { type: "string" },
  dim: { type: "string", multiple: true, default: [] as string[] },
  top: { type: "string" },
  runs: { type: "string" },
  without: { type: "string", default: "" },
  json: { type: "boolean", default: false },
} as const;

/** Batch of a training step; other graphs run on one thing at a time. */
const TRAINING_BATCH = 4;

/** @throws StudioError "invalid-input" naming the first thing that cannot be */
export function readProfileOptions(args: readonly string[]): ProfileOptions {
  const { values, positionals } = readArgs(args, OPTIONS, true);
  const cores = availableParallelism();
  const [what = "training", ...more] = positionals;
  if (more.length > 0) {
    throw new StudioError(
      "invalid-input",
      `One graph is profiled at a time, not ${positionals.length}: name one of them.`,
    );
  }
  return {
    subject: subjectOf(what, values),
    threads: whole("threads", values.threads, Math.min(8, cores), cores),
    runs: whole("runs", values.runs, 3, 100),
    top: whole("top", values.top, 10, 10_000),
    optimisations: optimisationsWithout(values.without),
    json: values.json,
  };
}

function subjectOf(
  what: string,
  {
    batch,
    model,
    dim,
  }: { readonly batch?: string; readonly model?: string; readonly dim: readonly string[] },
): Subject {
  const graph = GRAPH_NAMES.find((name) => name === what);
  if (graph !== undefined) {
    refuse(dim.length > 0, `--dim fixes dimensions of an ONNX file; "${what}" is given --batch.`);
    const usual = graph === "training" || graph === "unet" ? TRAINING_BATCH : 1;
    return { graph, model: model ?? "toybox-256", batch: whole("batch", batch, usual, 64) };
  }
  refuse(
    !what.endsWith(".onnx"),
    `"${what}" is no graph to profile: give an .onnx file, or one of ${GRAPH_NAMES.join(", ")}.`,
  );
  refuse(
    batch !== undefined || model !== undefined,
    `--batch and --model are for the graphs ${GRAPH_NAMES.join(", ")}; a file's dimensions are fixed by --dim name=value.`,
  );
  return { file: what, dims: new Map(dim.map(dimOf)) };
}

function dimOf(text: string): [string, number] {
  const [, name = "", value = ""] = /^(.+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  refuse(
    name === "",
    `--dim must be name=value with a whole number above 0, like batch=4, not "${text}".`,
  );
  return [name, Number(value)];
}

function refuse(wrong: boolean, sentence: string): void {
  if (wrong) throw new StudioError("invalid-input", sentence);
}
