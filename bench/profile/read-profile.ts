/** @file onnxruntime's profile, event by event, as what a run costs by operator and by node. */
import { z } from "zod";
import { StudioError } from "../../src/core/errors.ts";
import { groupBy } from "../group-by.ts";

export interface OperatorCost {
  readonly operator: string;
  /** Nodes of a run. */
  readonly nodes: number;
  /** Milliseconds of a run. */
  readonly ms: number;
  /** Of the milliseconds of all nodes. */
  readonly share: number;
}

export interface NodeCost {
  /** As onnxruntime calls it, once it has fused what it fuses. */
  readonly name: string;
  readonly operator: string;
  readonly ms: number;
  readonly share: number;
  /** Shapes of what is computed on: "4x320x32x32", weights that onnxruntime has packed left out. */
  readonly inputs: readonly string[];
}

export interface Profile {
  /** Runs that were counted; the first is not. */
  readonly runs: number;
  /** Milliseconds of a run, and of its nodes together; the rest is onnxruntime's own. */
  readonly runMs: number;
  readonly nodesMs: number;
  /** Milliseconds of the nodes of the fastest run. */
  readonly fastestNodesMs: number;
  /** Most costly first. */
  readonly operators: readonly OperatorCost[];
  readonly nodes: readonly NodeCost[];
}

const EVENTS = z.array(
  z.object({
    cat: z.string(),
    name: z.string(),
    /** Microseconds. */
    dur: z.number(),
    args: z.object({
      op_name: z.string().optional(),
      input_type_shape: z.array(z.record(z.string(), z.array(z.number()))).optional(),
    }),
  }),
);

type ProfileEvent = z.infer<typeof EVENTS>[number];

/** @throws StudioError "internal" where the text is no profile of at least two runs */
export function readProfile(text: string): Profile {
  const events = parseEvents(text);
  const first = events.findIndex(({ name }) => name === "model_run");
  const counted = events.slice(first + 1);
  const runs = counted.filter(({ name }) => name === "model_run");
  if (first < 0 || runs.length === 0) {
    throw new StudioError("internal", "onnxruntime's profile has fewer than two runs.");
  }
  const kernels = counted.filter(isKernel);
  const perRun = (micros: number): number => micros / 1000 / runs.length;
  const nodesMs = perRun(sumOf(kernels));
  const cost = (own: readonly ProfileEvent[]) => {
    const ms = perRun(sumOf(own));
    return { ms, share: ms / nodesMs };
  };
  return {
    runs: runs.length,
    runMs: perRun(sumOf(runs)),
    nodesMs,
    fastestNodesMs: fastest(counted),
    operators: [...groupBy(kernels, operatorOf)]
      .map(([operator, own]) => ({ operator, nodes: own.length / runs.length, ...cost(own) }))
      .sort((a, b) => b.ms - a.ms),
    nodes: [...groupBy(kernels, nameOf).values()]
      .map((own) => ({ ...describe(own[0]), ...cost(own) }))
      .sort((a, b) => b.ms - a.ms),
  };
}

function parseEvents(text: string): ProfileEvent[] {
  try {
    return EVENTS.parse(JSON.parse(text));
  } catch (cause) {
    throw new StudioError(
      "internal",
      "onnxruntime's profile is not the list of events that it was.",
      {
        cause,
      },
    );
  }
}

const SUFFIX = "_kernel_time";

function isKernel({ cat, name }: ProfileEvent): boolean {
  return cat === "Node" && name.endsWith(SUFFIX);
}

function nameOf({ name }: ProfileEvent): string {
  return name.slice(0, -SUFFIX.length);
}

function operatorOf({ args }: ProfileEvent): string {
  return args.op_name ?? "?";
}

function describe(event: ProfileEvent | undefined): Pick<NodeCost, "name" | "operator" | "inputs"> {
  if (event === undefined) return { name: "?", operator: "?", inputs: [] };
  const shapes = event.args.input_type_shape ?? [];
  const inputs = shapes.flatMap((shape) => Object.values(shape).map((dims) => dims.join("x")));
  return { name: nameOf(event), operator: operatorOf(event), inputs };
}

/** Milliseconds of nodes between one end of a run and the next. */
function fastest(events: readonly ProfileEvent[]): number {
  let [least, sum] = [Infinity, 0];
  for (const event of events) {
    if (isKernel(event)) sum += event.dur / 1000;
    if (event.name !== "model_run") continue;
    least = Math.min(least, sum);
    sum = 0;
  }
  return least;
}

function sumOf(events: readonly ProfileEvent[]): number {
  return events.reduce((sum, { dur }) => sum + dur, 0);
}
