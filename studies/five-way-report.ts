/** @file The five ways of painting with two concepts as a page of docs, and whether their figures are within limits. */

/** Prompts that name the first thing, the second, or both. */
export type PromptSet = "first" | "second" | "both";

/** Mean cosines: to the photos of either thing, and to the prompt without its tokens. */
export interface Figures {
  readonly first: number;
  readonly second: number;
  readonly text: number;
}

export interface WayScores {
  readonly way: string;
  readonly scores: Readonly<Partial<Record<PromptSet, Figures>>>;
}

export interface Result {
  /** Categories of the two things: "house", "flower". */
  readonly pair: readonly [string, string];
  /** Of training. */
  readonly seed: number;
  /** Of the first, the second, and both together. */
  readonly trainings: readonly { readonly backend: string; readonly seconds: number }[];
  readonly secondsOfMerge: number;
  readonly ways: readonly WayScores[];
  /** ‖C ΔW‖ / ‖C W0‖ on captions that neither training nor merging has seen. */
  readonly drift: Readonly<Record<"first" | "second" | "joint" | "merged", number>>;
}

export interface FiveWay {
  readonly results: readonly Result[];
}

interface Verdict {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly good: boolean;
}

/** A likeness is that of pictures to the photos of the thing that is asked for. */
export function verdicts(result: Result): Verdict[] {
  const likeness = ([0, 1] as const).flatMap((index) => {
    const thing = (["first", "second"] as const)[index];
    return ([thing, "both"] as const).map((set): Verdict => {
      const merged = figure(result, "merged", set, thing);
      const limit = 0.9 * figure(result, "joint", set, thing);
      const prompts = set === "both" ? "prompts with both" : "prompts with it alone";
      return {
        what: `merged, ${prompts}: image alignment to the ${result.pair[index]}`,
        value: merged.toFixed(3),
        limit: `at least ${limit.toFixed(3)}, 90 % of joint training's`,
        good: merged >= limit,
      };
    });
  });
  const { merged, joint } = result.drift;
  return [
    ...likeness,
    {
      what: "drift of the merged weights on held-out captions",
      value: merged.toFixed(3),
      limit: `at most ${joint.toFixed(3)}, joint training's`,
      good: merged <= joint,
    },
  ];
}

const WAYS: Readonly<Record<string, string>> = {
  alone: "each alone, 200 steps",
  joint: "trained together, 400 steps",
  merged: "merged",
  composed: "composed at each step (solved)",
};

export function page({ results }: FiveWay): string {
  const merge = Math.max(...results.map((one) => one.secondsOfMerge)).toFixed(1);
  return `# Five ways with two concepts

Written by \`npm run study:five-way -- --pair house,flower\` and so on: two of the sample concepts, five photos each that
the default model has never seen, the first with the token \`<new1>\`, the second with \`<new2>\`, trained apart with 200
steps each and together with 400 (batch 4, learning rate 3e-4, the sample sets of 40 regularisation images). Merged and
composed are made of the two that were trained apart. Eight scenes, two pictures each, DPM-Solver++ with 10 steps and
guidance 4.5; all ways start from the same noise. Figures are mean cosines by the default model's CLIP: to the photos of
the thing, and to the prompt without its tokens ("text"). A picture of two things is less like photos of either: cosines
of prompts with both compare with one another only.

"Drift" is how far keys and values move on 300 captions that neither training nor merging has seen, ‖C ΔW‖ / ‖C W0‖. The
merge is held to the concepts' own keys and values at their names, comes near them in longer prompts, and near both in prompts
with both, none of which is one of these scenes; otherwise it moves captions as little as can be ([how](math/merge.md)); it took ${merge} s (median of
three), its session of the text encoder included.

${results.map(section).join("\n")}`;
}

function section(result: Result): string {
  const [first, second] = result.pair;
  const rows = Object.entries(WAYS).map(([way, name]) => {
    const cells = (
      [
        ["first", "first"],
        ["first", "text"],
        ["second", "second"],
        ["second", "text"],
        ["both", "first"],
        ["both", "second"],
        ["both", "text"],
      ] as const
    ).map(([set, what]) => {
      const value = figure(result, way, set, what);
      return Number.isNaN(value) ? "–" : value.toFixed(3);
    });
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const held = verdicts(result).map(
    ({ what, value, limit, good }) => `| ${what} | ${value} | ${limit} | ${good ? "yes" : "no"} |`,
  );
  const drift = result.drift;
  const seconds = result.trainings.map((one) => String(one.seconds)).join(", ");
  return `## ${first} and ${second}

| | ${first}'s prompts: ${first} | text | ${second}'s prompts: ${second} | text | both: ${first} | both: ${second} | text |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

The ${first}'s prompts are "photo of a <new1> ${first} on the beach" and so on, those with both "photo of a <new1> ${first} and a
<new2> ${second} on the beach".

| | figure | limit | held |
| --- | --- | --- | --- |
${held.join("\n")}

Drift: ${first} alone ${drift.first.toFixed(3)}, ${second} alone ${drift.second.toFixed(3)}, together ${drift.joint.toFixed(3)}, merged ${drift.merged.toFixed(3)}.

Columns: ${first} alone, ${second} alone, trained together, merged, composed. Rows: beach, snow, wooden table, forest, grass,
road, sunset, city. Seed ${result.seed} of training, on: ${result.trainings[0]?.backend ?? ""} The three trainings took ${seconds} s.

![${first} and ${second} painted in five ways](pictures/five-ways-${first}-${second}-${result.seed}.webp)
`;
}

/** NaN where the way was not asked for these prompts. */
function figure({ ways }: Result, way: string, set: PromptSet, what: keyof Figures): number {
  return ways.find((one) => one.way === way)?.scores[set]?.[what] ?? Number.NaN;
}
