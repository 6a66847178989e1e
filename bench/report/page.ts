/** @file docs/performance.md, made of what is in bench/results: a chapter a machine. */
import { groupBy } from "../group-by.ts";
import { comparisonPart, contenderName } from "./comparison-part.ts";
import { fullSizePart } from "./full-size-part.ts";
import { firstVersionPart, floorPart, optimisationsPart, scalingPart } from "./other-parts.ts";
import { powerPlot } from "./plot.ts";
import type { FirstVersion, MachineResults } from "./results.ts";

export interface NamedResults {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly results: MachineResults | FirstVersion;
}

/** Files by their path below docs. */
export type Documents = ReadonlyMap<string, string>;

const HEAD = `# Performance

Written from \`bench/results\` by \`npm run bench -- --write-docs\`; a test fails where it is out of date.

Everybody does the same work on the default model in turns, round by round, so that all see the same machine. A ratio is
that of two times of the same round: the median over the rounds, with the lowest and the highest. Where nothing else is
said it is a time over that of PyTorch eager on as many threads, and below 1 is faster.

- **studio, Node** is the studio's engine on WebAssembly in Node; **Chromium** the same in a worker of a cross-origin
  isolated page; with **WebGPU** the same on a GPU. **Wide vectors** is Chromium started with
  \`--js-flags=--wasm-revectorize\` and told so; Node from version 24 on has them of itself.
- **native onnxruntime** runs the graphs that the engine makes; what lies outside of them is numpy.
- **PyTorch compiled** is \`torch.compile\`, with the most threads alone; compiling is not counted.
- A training step is all of it: text features, K/V, gradients, AdamW. Model open is reading the files and making the
  sessions of a first image.
`;

const HOW_FULL_SIZE = `## Stable Diffusion at full size

\`npm run bench:full-size\` makes Stable Diffusion 1.5 (or 2.1: \`--model sd21\`) of its published configuration with random
weights, plans training for \`--memory\` (8 GB where nothing is said), and times a forward pass and a training step in the
planned precision, in turns with PyTorch on the same GPU, with what memory each takes. It needs Node with the packages of
\`package.json\`, and Python with torch, diffusers and transformers; no model and no network. On a machine with a GPU:

\`\`\`
export PYTHON=python3
node --import tsx bench/full-size.ts --backend webgpu --plan-only
node --import tsx bench/full-size.ts --backend webgpu --torch-device cuda
node --import tsx bench/full-size.ts --backend webgpu --torch-device cuda --precision float32 --memory 24GB --json float32.json
\`\`\`

The second writes to \`bench/results\`, which this page is made of; with \`--json\` another file is written, after each row.
\`--only step\` measures training steps alone, \`--rounds\` says how often. With float16, PyTorch's frozen weights are float16 too,
as in diffusers' training script (\`--torch-dtype float16\` leaves them in float32, under autocast). Both sides are in memory at
the same time: where that is too much, \`--torch-device none\` leaves PyTorch out.`;

const NOT_YET = `It has not been run on a GPU yet, so there are no figures of it here.`;

const FULL_SIZE = `Published configuration, random weights. A forward pass is the UNet's, of one image or of guidance's two; PyTorch's has the
projections of the text in it, the studio's gets keys and values. The last column of memory is what the GPU's driver
counted more than before the process was there, while it ran, PyTorch's cache and the libraries' own included; the one before it
is what the studio's plan says, and what PyTorch's allocator gave out. In PyTorch, half is frozen weights in float16: a forward
pass is float16 throughout, a training step mixed precision, with trained weights and the text encoder in float32.`;

const FLOOR = `The floor is the time that the convolutions and matrix products of the graphs would take if all of them reached the
rate that the heaviest shapes reach alone, at their fastest, and everything else took no time.`;

const OPTIMISATIONS = `Each optimisation can be left out (\`--without\`). The ratio is the time without it over the time with all of them:
above 1 it helps.`;

const SCALING = `The exponent a of time = c · x^a, by least squares on logarithms, with its standard error.`;

/** The page and its plots. */
export function performanceDocuments(machines: readonly NamedResults[]): Documents {
  const documents = new Map<string, string>();
  const chapters = machines.map(({ name, results }) => {
    const title = `## ${results.cpu}: ${name}`;
    if (!("version" in results)) return [title, ...firstVersionPart(results)];
    const { comparison, floor, optimisations, scaling, fullSize } = results;
    const plots = new Map<string, string>();
    for (const [over, series] of groupBy(
      scaling?.series ?? [],
      (s) => `${s.work} over ${s.over}`,
    )) {
      const file = `images/performance-${name}-${over.replaceAll(/\W+/g, "-")}.svg`;
      const lines = series.map(({ contender, points }) => ({
        label: contenderName(contender),
        points,
      }));
      documents.set(file, powerPlot(lines, series[0]?.over ?? ""));
      plots.set(over, file);
    }
    return [
      title,
      `${results.cores} cores.`,
      ...(comparison === undefined ? [] : ["### Beside PyTorch", ...comparisonPart(comparison)]),
      ...(fullSize === undefined
        ? []
        : [`### ${fullSize.model} at full size`, FULL_SIZE, ...fullSizePart(fullSize)]),
      ...(floor === undefined ? [] : ["### Distance to the floor", FLOOR, ...floorPart(floor)]),
      ...(optimisations === undefined
        ? []
        : ["### Optimisations", OPTIMISATIONS, ...optimisationsPart(optimisations)]),
      ...(scaling === undefined ? [] : ["### Scaling", SCALING, ...scalingPart(scaling, plots)]),
    ];
  });
  const hasRun = machines.some(({ results }) => "version" in results && results.fullSize);
  const howFullSize = hasRun ? [HOW_FULL_SIZE] : [HOW_FULL_SIZE, NOT_YET];
  documents.set(
    "performance.md",
    `${[HEAD.trim(), ...chapters.flat(), ...howFullSize].join("\n\n")}\n`,
  );
  return documents;
}
