/** @file The teddy bear's figures as a page of docs, and whether they are within their limits. */

export interface Pair {
  readonly image: number;
  readonly text: number;
}

export interface Row {
  readonly regularisation: "given" | "generated";
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secondsOfTraining: number;
  readonly concept: Pair;
  readonly class: Pair;
  /** Whether pictures with everything taken back are those of before, to the last bit. */
  readonly resetIsBefore: boolean;
}

export interface Results {
  readonly photos?: number;
  readonly before?: { readonly concept: Pair; readonly class: Pair };
  readonly rows: readonly Row[];
}

export interface Verdict {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly good: boolean;
}

export function verdicts({ before }: Results, row: Row): Verdict[] {
  if (before === undefined) return [];
  const moved = Math.abs(row.class.image - before.class.image);
  return [
    check("image alignment of the concept", row.concept.image, ">=", 0.5),
    check("text alignment of the concept", row.concept.text, ">=", 0.4),
    check("image alignment of the class word, moved by", moved, "<=", 0.05),
    {
      what: "pictures after the reset",
      value: row.resetIsBefore ? "those of before" : "changed",
      limit: "those of before",
      good: row.resetIsBefore,
    },
  ];
}

function check(what: string, value: number, relation: ">=" | "<=", limit: number): Verdict {
  const good = relation === ">=" ? value >= limit : value <= limit;
  const sign = relation === ">=" ? "at least" : "at most";
  return { what, value: value.toFixed(3), limit: `${sign} ${limit}`, good };
}

export function page(results: Results): string {
  const { before, photos } = results;
  if (before === undefined) return "";
  // Given images first, whichever row was ready first.
  const rows = (["given", "generated"] as const).flatMap((which) =>
    results.rows.filter(({ regularisation }) => regularisation === which),
  );
  const line = (name: string, concept: Pair, word: Pair): string =>
    `| ${name} | ${concept.image.toFixed(3)} | ${concept.text.toFixed(3)} | ${word.image.toFixed(3)} | ${word.text.toFixed(3)} |`;
  const names = {
    given: "the sample set of 40 bears",
    generated: "40 images that the model painted",
  };
  return `# The teddy bear

Written by \`npm run study:teddy-bear\`: five photos of a teddy bear that the default model has never seen, trained
with \`train\`'s settings${settingsOf(rows[0])}, then eight scenes, two pictures each, DDIM with 20 steps and
guidance 4.5, from the same noise before and after; every picture has noise of its own. Figures are mean cosines
by the default model's CLIP: to the photos ("image"), and to the prompt without the token ("text"). The photos
among themselves reach ${(photos ?? NaN).toFixed(3)}.

| | concept: image | concept: text | class word: image | class word: text |
| --- | --- | --- | --- | --- |
${line("before training", before.concept, before.class)}
${rows.map((row) => line(`trained, regularised by ${names[row.regularisation]}`, row.concept, row.class)).join("\n")}

"Concept" is "photo of a <new1> bear on the beach" and so on, "class word" the same without \`<new1>\`; before
training, \`<new1>\` is the rare word that it starts from.

${rows.map((row) => section(results, row)).join("\n")}
## Before

The class word before training:

![bears before training](pictures/teddy-bear-class-before.webp)
`;
}

function section(results: Results, row: Row): string {
  const table = verdicts(results, row)
    .map(
      ({ what, value, limit, good }) =>
        `| ${what} | ${value} | ${limit} | ${good ? "yes" : "no"} |`,
    )
    .join("\n");
  const minutes = Math.round(row.secondsOfTraining / 6) / 10;
  const title = row.regularisation === "given" ? "Given" : "Generated";
  return `## ${title} regularisation images

| | figure | limit | held |
| --- | --- | --- | --- |
${table}

Latents and steps took ${minutes} minutes on the machine of the study. The concept in the eight scenes:

![the teddy bear in eight scenes, twice](pictures/teddy-bear-${row.regularisation}.webp)

The class word after training:

![bears after training](pictures/teddy-bear-${row.regularisation}-class.webp)
`;
}

function settingsOf(row: Row | undefined): string {
  if (row === undefined) return "";
  const { steps, batch, learningRate, tokenLearningRate } = row.settings;
  return ` (${String(steps)} steps, batch ${String(batch)}, learning rate ${String(learningRate)}, of the token ${String(tokenLearningRate)})`;
}
