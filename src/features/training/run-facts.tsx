/** @file The settings of a run, as they were chosen. */
import type { RunRecord } from "../../state/runs.ts";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { TRAIN_MODE_LABELS } from "./train-mode-labels.ts";

type Subject = RunRecord["subjects"][number];

function regularisation({ regularisation: chosen }: Subject): string {
  switch (chosen.kind) {
    case "none":
      return "None";
    case "generate":
      return `${chosen.count} painted by the model`;
    case "given":
      return `${chosen.count} from ${chosen.from}`;
  }
}

/** A fact of each subject; of the only one it needs no word. */
function eachSubject(
  { subjects }: RunRecord,
  name: string,
  value: (subject: Subject) => string,
): Fact[] {
  return subjects.map((subject) => ({
    name: subjects.length === 1 ? name : `${name} of ${subject.token}`,
    value: value(subject),
  }));
}

function facts(run: RunRecord): Fact[] {
  const { settings, previews } = run;
  const { batch, microBatch, maxGradientNorm, views } = settings;
  return [
    { name: "Base model", value: run.model.id },
    { name: "What is trained", value: TRAIN_MODE_LABELS[settings.train].label },
    { name: "Steps", value: settings.steps },
    {
      name: "Batch",
      value: batch === microBatch ? batch : `${batch}, in passes of ${microBatch}`,
    },
    { name: "Learning rate", value: settings.learningRate },
    {
      name: run.subjects.length === 1 ? "Learning rate of the word" : "Learning rate of the words",
      value: settings.tokenLearningRate,
    },
    { name: "Weight decay", value: settings.weightDecay },
    { name: "Gradient norm clipped at", value: maxGradientNorm ?? "Not clipped" },
    ...eachSubject(run, "Regularisation", regularisation),
    { name: "Augmentation", value: settings.augment ? `${views} views of each photo` : "Off" },
    ...eachSubject(run, "Caption", ({ token, category }) =>
      settings.template.replace("{}", `${token} ${category}`),
    ),
    { name: "Seed", value: settings.seed },
    {
      name: "Previews",
      value: previews.every === 0 ? "None" : `Every ${previews.every} steps, seed ${previews.seed}`,
    },
    { name: "Begun", value: new Date(run.createdAt).toLocaleString("en-GB") },
  ];
}

export function RunFacts({ run }: { readonly run: RunRecord }) {
  return <FactList facts={facts(run)} loading={false} />;
}
