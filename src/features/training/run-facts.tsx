/** @file The settings of a run, as they were chosen. */
import type { RunRecord } from "../../state/runs.ts";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { TRAIN_MODE_LABELS } from "./train-mode-labels.ts";

function regularisation({ regularisation: chosen }: RunRecord): string {
  switch (chosen.kind) {
    case "none":
      return "None";
    case "generate":
      return `${chosen.count} painted by the model`;
    case "given":
      return `${chosen.count} from ${chosen.from}`;
  }
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
    { name: "Learning rate of the word", value: settings.tokenLearningRate },
    { name: "Weight decay", value: settings.weightDecay },
    { name: "Gradient norm clipped at", value: maxGradientNorm ?? "Not clipped" },
    { name: "Regularisation", value: regularisation(run) },
    { name: "Augmentation", value: settings.augment ? `${views} views of each photo` : "Off" },
    { name: "Caption", value: settings.template.replace("{}", `${run.token} ${run.category}`) },
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
