/** @file The five ways of painting with two concepts as a page of docs, and whether their figures are within limits. */

export type PromptSet = "bear" | "car" | "both";

/** Mean cosines: to the photos of either thing, and to the prompt without its tokens. */
export interface Figures {
  readonly bear: number;
  readonly car: number;
  readonly text: number;
}

export interface WayScores {
  readonly way: string;
  readonly scores: Readonly<Partial<Record<PromptSet, Figures>>>;
}

export interface SeedResult {
  /** Of training. */
  readonly seed: number;
  /** Of the bear, the car, and both together. */
  readonly trainings: readonly { readonly backend: string; readonly seconds: number }[];
  readonly secondsOfMerge: number;
  readonly ways: readonly WayScores[];
  /** ‖C ΔW‖ / ‖C W0‖ on captions that neither training nor merging has seen. */
  readonly drift: Readonly<Record<"bear" | "car" | "joint" | "merged", number>>;
}

export interface FiveWay {
  readonly seeds: readonly SeedResult[];
}

interface Verdict {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly good: boolean;
}

/** Means over the seeds; a likeness is that of pictures to the photos of the thing that is asked for. */
export function verdicts({ seeds }: FiveWay): Verdict[] {
  const things = ["bear", "car"] as const;
  const likeness = things.flatMap((thing) =>
    ([thing, "both"] as const).map((set): Verdict => {
      const merged = mean(seeds, "merged", set, thing);
      const limit = 0.9 * mean(seeds, "joint", set, thing);
      const prompts = set === "both" ? "prompts with both" : "prompts with it alone";
      return {
        what: `merged, ${prompts}: image alignment to the ${thing}`,
        value: merged.toFixed(3),
        limit: `at least ${limit.toFixed(3)}, 90 % of joint training's`,
        good: merged >= limit,
      };
    }),
  );
  const drift = average(seeds.map((seed) => seed.drift.merged));
  const joint = average(seeds.map((seed) => seed.drift.joint));
  return [
    ...likeness,
    {
      what: "drift of the merged weights on held-out captions",
      value: drift.toFixed(3),
      limit: `at most ${joint.toFixed(3)}, joint training's`,
      good: drift <= joint,
    },
  ];
}

const WAYS: Readonly<Record<string, string>> = {
  alone: "each alone, 200 steps",
  joint: "trained together, 400 steps",
  merged: "merged",
  composed: "composed at each step (solved)",
};

export function page(results: FiveWay): string {
  const { seeds } = results;
  const held = verdicts(results).map(
    ({ what, value, limit, good }) => `| ${what} | ${value} | ${limit} | ${good ? "yes" : "no"} |`,
  );
  const rows = Object.entries(WAYS).map(([way, name]) => {
    const cell = (set: PromptSet, thing: keyof Figures): string => {
      const value = mean(seeds, way, set, thing);
      return Number.isNaN(value) ? "–" : value.toFixed(3);
    };
    return `| ${name} | ${cell("bear", "bear")} | ${cell("bear", "text")} | ${cell("car", "car")} | ${cell("car", "text")} | ${cell("both", "bear")} | ${cell("both", "car")} | ${cell("both", "text")} |`;
  });
  const drifts = seeds.map(
    ({ seed, drift }) =>
      `| ${seed} | ${drift.bear.toFixed(3)} | ${drift.car.toFixed(3)} | ${drift.joint.toFixed(3)} | ${drift.merged.toFixed(3)} |`,
  );
  const merge = Math.max(...seeds.map((seed) => seed.secondsOfMerge)).toFixed(1);
  const count = seeds.length === 1 ? "one seed" : `${seeds.length} seeds`;
  return `# Five ways with two concepts

Written by \`npm run study:five-way\`: the teddy bear (\`<new1>\`) and the racing car (\`<new2>\`), five photos each that the
default model has never seen, trained apart with 200 steps each and together with 400 (batch 4, learning rate 3e-4, the
sample sets of 40 regularisation images), ${count} of training. Merged and composed are made of the two that were
trained apart. Eight scenes, two pictures each, DPM-Solver++ with 10 steps and guidance 4.5; all ways start from the same noise.
Figures are mean cosines by the default model's CLIP: to the photos of the bear or of the car, and to the prompt without
its tokens ("text").

| | bear's prompts: bear | text | car's prompts: car | text | both: bear | both: car | text |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

"Bear's prompts" are "photo of a <new1> bear on the beach" and so on, "both" is "photo of a <new1> bear and a <new2> car
on the beach". A picture of two things is less like photos of either: cosines of "both" compare with one another only.

| | figure | limit | held |
| --- | --- | --- | --- |
${held.join("\n")}

## Drift

How far keys and values move on 300 captions that neither training nor merging has seen, ‖C ΔW‖ / ‖C W0‖:

| seed | bear alone | car alone | together | merged |
| --- | --- | --- | --- | --- |
${drifts.join("\n")}

The merge is held to the concepts' own keys and values at their names, comes near them in longer prompts, none of which is one
of these scenes, and otherwise moves captions as little as can be ([how](math/merge.md)); it took ${merge} s at most, its session of the text encoder included.

${seeds.map(sheet).join("\n")}`;
}

function sheet({ seed, trainings }: SeedResult): string {
  const [trained] = trainings;
  const seconds = trainings.map((one) => String(one.seconds)).join(", ");
  return `## Seed ${seed}

Columns: bear alone, car alone, trained together, merged, composed. Rows: beach, snow, wooden table, forest, grass, road,
sunset, city. Trained on: ${trained?.backend ?? ""} The three trainings took ${seconds} s.

![two concepts painted in five ways](pictures/five-ways-${seed}.webp)
`;
}

/** NaN where the way was not asked for these prompts. */
function mean(
  seeds: readonly SeedResult[],
  way: string,
  set: PromptSet,
  what: keyof Figures,
): number {
  return average(
    seeds.map(({ ways }) => ways.find((one) => one.way === way)?.scores[set]?.[what] ?? Number.NaN),
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
