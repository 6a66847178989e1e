/** @file A whole run on the nano model: it learns, repeats itself bit for bit, and resumes where it was stopped. */
import { beforeAll, describe, expect, it } from "vitest";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_REQUEST, nanoTraining } from "../../../tests/support/nano-training.ts";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { type Concept, resetConcept, withConcept } from "../../core/concept/concept.ts";
import { decodeConcept, encodeConcept } from "../../core/concept/concept-file.ts";
import { conceptLayout } from "../model/concept-layout.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { Pipeline } from "../sample/pipeline.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { runTraining, type TrainingInput } from "./run.ts";

const runtime = nodeRuntime(1);
let model: Model;

beforeAll(async () => {
  model = await readModel("nano", await nanoFiles("dynamo"));
});

/** Everything a concept holds, as one list of numbers. */
function numbersOf({ kvDifference, queryOutDifference, tokens }: Concept): Float32Array[] {
  return [
    kvDifference ?? new Float32Array(),
    queryOutDifference ?? new Float32Array(),
    ...tokens.map(({ row }) => row),
  ];
}

describe("a run", () => {
  it("ends with a sentence where no gradient is finite any more", async () => {
    const kept: Checkpoint[] = [];
    const input = nanoTraining({ steps: 60, batch: 2, microBatch: 2 });
    const stop = { aborted: false };
    const first = runTraining(model, runtime, input, {
      signal: stop,
      onStep: () => {
        stop.aborted = true;
      },
      onCheckpoint: (checkpoint) => {
        kept.push(checkpoint);
        return Promise.resolve();
      },
    });
    await expect(first).rejects.toMatchObject({ code: "cancelled" });
    const { state, ...rest } = kept[0]!;
    const resume = { ...rest, state: { ...state, values: state.values.map((x) => 1e38 * x) } };
    const skipped: boolean[] = [];
    const hopeless = runTraining(
      model,
      runtime,
      { ...input, resume },
      { onStep: (report) => void skipped.push(report.skipped) },
    );
    await expect(hopeless).rejects.toThrow(/24 steps in a row were not finite/);
    expect(skipped).toEqual(new Array<boolean>(24).fill(true));
  });

  it("repeats itself bit for bit", async () => {
    const [a, b] = [
      await runTraining(model, runtime, nanoTraining()),
      await runTraining(model, runtime, nanoTraining()),
    ];
    expect(numbersOf(a.concept)).toEqual(numbersOf(b.concept));
    expect(a.history).toEqual(b.history);
    expect(a.history.every(Number.isFinite)).toBe(true);
    const other = await runTraining(model, runtime, nanoTraining({ seed: 2 }));
    expect(numbersOf(other.concept)).not.toEqual(numbersOf(a.concept));
  });

  it("stopped at a checkpoint and resumed equals a straight run bit for bit", async () => {
    const straight = await runTraining(model, runtime, nanoTraining({ steps: 14 }));
    const stop = { aborted: false };
    const kept: Uint8Array[] = [];
    const interrupted = runTraining(model, runtime, nanoTraining({ steps: 14 }), {
      signal: stop,
      onStep: ({ step }) => {
        if (step === 12) stop.aborted = true;
      },
      onCheckpoint: async (checkpoint) => {
        kept.push(await encodeCheckpoint(checkpoint));
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: "cancelled" });
    // One at step 10, and one when it was stopped after step 12.
    expect(kept).toHaveLength(2);
    for (const bytes of kept) {
      const resume = await decodeCheckpoint(bytes);
      const steps: number[] = [];
      const resumed = await runTraining(
        model,
        runtime,
        { ...nanoTraining({ steps: 14 }), resume },
        {
          onStep: ({ step }) => {
            steps.push(step);
          },
        },
      );
      expect(steps).toEqual(bytes === kept[0] ? [11, 12, 13, 14] : [13, 14]);
      expect(numbersOf(resumed.concept)).toEqual(numbersOf(straight.concept));
      expect(resumed.history).toEqual(straight.history);
    }
  });

  it("adds up micro-batches to the same step", async () => {
    const whole = await runTraining(model, runtime, nanoTraining());
    const halves = await runTraining(model, runtime, nanoTraining({ microBatch: 2 }));
    const [difference, , row] = numbersOf(halves.concept);
    const [expected, , expectedRow] = numbersOf(whole.concept);
    // Sums in another order; AdamW turns the rounding of small gradients into steps.
    expect(relativeL2(difference!, expected!)).toBeLessThan(1e-3);
    expect(relativeL2(row!, expectedRow!)).toBeLessThan(1e-3);
  });

  it.each([
    ["kv+token", true, false, true],
    ["kv", true, false, false],
    ["token", false, false, true],
    ["crossattn", true, true, true],
  ] as const)("--train %s trains just that", async (train, kv, queryOut, token) => {
    const { concept } = await runTraining(model, runtime, nanoTraining({ train }));
    const [kvDifference, queryOutDifference, row] = numbersOf(concept);
    const moved = (values: Float32Array): boolean => values.some((x) => x !== 0);
    expect(moved(kvDifference!)).toBe(kv);
    expect(moved(queryOutDifference!)).toBe(queryOut);
    expect(moved(row!.map((x, i) => x - concept.tokens[0]!.initialRow[i]!))).toBe(token);
    const layout = conceptLayout(model, queryOut);
    const read = decodeConcept(encodeConcept(concept, layout), layout, model);
    expect(read.train).toBe(train);
    // Differences are kept in float16, which has 11 bits.
    if (kv) expect(relativeL2(read.kvDifference!, kvDifference!)).toBeLessThan(2 ** -11);
  });

  it("trains every one of several tokens", async () => {
    const [concept] = nanoTraining().concepts;
    const input = {
      ...nanoTraining({ batch: 6, microBatch: 6 }),
      concepts: [
        concept!,
        { ...concept!, token: "<new2>", category: "dog" },
        { ...concept!, token: "<new3>", category: "cat", regularisation: [] },
      ],
    };
    const { concept: trained } = await runTraining(model, runtime, input);
    // As far as each other: nothing of the first is nearly nothing of the last.
    const moved = trained.tokens.map(({ row, initialRow }) => relativeL2(row, initialRow));
    expect(Math.min(...moved)).toBeGreaterThan(Math.max(...moved) / 3);
    const rows = trained.tokens.map(({ initialRow }) => initialRow.join());
    expect(new Set(rows).size).toBe(3);
  });

  it("starts a word from the rare token of its number, alone or with others", async () => {
    const [concept] = nanoTraining().concepts;
    const startOf = async (...tokens: string[]): Promise<Float32Array[]> => {
      const concepts = tokens.map((token) => ({ ...concept!, token }));
      const { concept: trained } = await runTraining(model, runtime, {
        ...nanoTraining({ steps: 1 }),
        concepts,
      });
      return trained.tokens.map(({ initialRow }) => initialRow);
    };
    const [first, second] = await startOf("<new1>", "<new2>");
    expect(await startOf("<new2>")).toEqual([second]);
    expect(await startOf("<mine>")).toEqual([first]);
  });

  it("says which regularisation captions are too long", async () => {
    const input = nanoTraining({ steps: 1 });
    const [concept] = input.concepts;
    const [first, second] = concept!.regularisation;
    const long = { ...first!, caption: `a bear ${"on the grass ".repeat(40)}at sunset` };
    const cuts: string[] = [];
    const onCut = (caption: string, cut: string): void => {
      cuts.push(`${caption === long.caption} ${cut.endsWith("at sunset")}`);
    };
    const concepts = [{ ...concept!, regularisation: [long, second!] }];
    await runTraining(model, runtime, { ...input, concepts }, { onCut });
    expect(cuts).toEqual(["true true"]);
  });

  it("refuses a batch without room for regularisation images, and a run without concepts", async () => {
    const small = runTraining(model, runtime, nanoTraining({ batch: 1, microBatch: 1 }));
    await expect(small).rejects.toThrow(/batch of 1 has no room/);
    const none = runTraining(model, runtime, { ...nanoTraining(), concepts: [] });
    await expect(none).rejects.toThrow(/at least one concept/);
  });

  it("clips gradients where it is told to", async () => {
    const norms: number[] = [];
    const onStep = ({ gradientNorm }: { readonly gradientNorm: number }): void => {
      norms.push(gradientNorm);
    };
    const free = await runTraining(model, runtime, nanoTraining({ steps: 2 }), { onStep });
    const limit = norms[0]! / 10;
    const clipped = await runTraining(
      model,
      runtime,
      nanoTraining({ steps: 2, maxGradientNorm: limit }),
    );
    expect(numbersOf(clipped.concept)).not.toEqual(numbersOf(free.concept));
  });
});

function withoutRegularisation(input: TrainingInput): TrainingInput {
  const concepts = input.concepts.map((concept) => ({ ...concept, regularisation: [] }));
  return { ...input, concepts };
}

describe("a checkpoint of other settings", () => {
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    const stop = { aborted: false };
    await runTraining(model, runtime, nanoTraining({ steps: 5 }), {
      signal: stop,
      onStep: () => {
        stop.aborted = true;
      },
      onCheckpoint: (made) => {
        checkpoint = made;
      },
    }).catch(() => undefined);
  });

  it.each([
    ["another learning rate", nanoTraining({ steps: 5, learningRate: 2e-3 }), /"learningRate"/],
    ["other photos", withoutRegularisation(nanoTraining({ steps: 5 })), /"regularisation"/],
    ["fewer steps than are done", nanoTraining({ steps: 1 }), null],
  ])("%s", async (_, input, sentence) => {
    const run = runTraining(model, runtime, { ...input, resume: checkpoint });
    if (sentence === null) {
      // One step was done and one is asked for: nothing is left to do.
      expect((await run).concept.metrics["steps"]).toBe(1);
      return;
    }
    await expect(run).rejects.toThrow(sentence);
  });
});

describe("sampling with a concept", () => {
  it("changes the picture, and taking the concept back takes the change back", async () => {
    const { concept } = await runTraining(model, runtime, nanoTraining({ learningRate: 0.05 }));
    const pipeline = await Pipeline.open(model, runtime);
    const sample = async (applied: Concept | null, strength = 1) => {
      await pipeline.use(applied, strength);
      const images = await pipeline.generate(NANO_REQUEST);
      return images.map(({ picture }) => picture.data);
    };
    const without = await sample(resetConcept(concept, { difference: true, tokens: true }));
    const whole = await sample(concept);
    const half = await sample(concept, 0.5);
    const rowOnly = await sample(concept, 0);
    expect(relativeL2(whole[0]!, without[0]!)).toBeGreaterThan(1e-3);
    expect(relativeL2(half[0]!, whole[0]!)).toBeGreaterThan(1e-4);
    expect(rowOnly).not.toEqual(whole);
    const reset = resetConcept(concept, { difference: true, tokens: true });
    expect(withConcept(model.kvWeights, reset, { strength: 1 })).toEqual(model.kvWeights);
    expect(await sample(reset)).toEqual(without);
    await pipeline.release();
  });

  it("gives an image by its own seed, whatever is sampled beside it", async () => {
    const pipeline = await Pipeline.open(model, runtime);
    const request = { ...NANO_REQUEST, prompt: "photo of a bear", sampler: "euler-a" as const };
    const pair = await pipeline.generate(request);
    const alone = await pipeline.generate({ ...request, seeds: [6], batch: 1 });
    // Batches of other sizes add up products in another order.
    expect(relativeL2(alone[0]!.latents, pair[1]!.latents)).toBeLessThan(1e-4);
    await pipeline.release();
  });

  it("says what of a prompt did not fit, and stops on request", async () => {
    const pipeline = await Pipeline.open(model, runtime);
    const cuts: string[] = [];
    const prompt = `photo of a bear ${"on the grass ".repeat(40)}at sunset`;
    await pipeline.generate(
      { ...NANO_REQUEST, prompt, seeds: [1] },
      { onCut: (_, cut) => cuts.push(cut) },
    );
    expect(cuts).toHaveLength(1);
    expect(cuts[0]).toMatch(/at sunset$/);
    const signal = { aborted: false };
    const stopped = pipeline.generate(NANO_REQUEST, {
      signal,
      onStep: () => {
        signal.aborted = true;
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    await pipeline.release();
  });
});
