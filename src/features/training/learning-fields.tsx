/** @file Advanced: what is trained, for how long, in which portions and how fast. */
import { Radio, SimpleGrid, Stack, Switch } from "@mantine/core";
import { TRAIN_MODES } from "../../core/concept/concept.ts";
import { type TrainSettings, USUAL_GRADIENT_NORM } from "../../core/train/settings.ts";
import { useDraft } from "./draft-store.ts";
import { NumberField } from "./number-field.tsx";
import { TRAIN_MODE_LABELS } from "./train-mode-labels.ts";

export function LearningFields({ settings }: { readonly settings: TrainSettings }) {
  const change = useDraft((state) => state.changeSettings);
  const { maxGradientNorm } = settings;
  return (
    <>
      <Radio.Group
        label="What to train"
        value={settings.train}
        onChange={(value) => {
          const train = TRAIN_MODES.find((mode) => mode === value);
          if (train !== undefined) change({ train });
        }}
      >
        <Stack gap="xs" mt={6}>
          {TRAIN_MODES.map((mode) => (
            <Radio
              key={mode}
              value={mode}
              label={TRAIN_MODE_LABELS[mode].label}
              description={TRAIN_MODE_LABELS[mode].explanation}
            />
          ))}
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={2} spacing="sm">
        <NumberField
          label="Steps"
          min={1}
          allowDecimal={false}
          value={settings.steps}
          onChange={(steps) => change({ steps })}
        />
        <NumberField
          label="Seed"
          allowDecimal={false}
          value={settings.seed}
          onChange={(seed) => change({ seed })}
        />
        <NumberField
          label="Batch"
          description="Images a step"
          min={1}
          max={64}
          allowDecimal={false}
          value={settings.batch}
          onChange={(batch) => change({ batch })}
        />
        <NumberField
          label="Micro-batch"
          description="Images at a time"
          min={1}
          max={64}
          allowDecimal={false}
          value={settings.microBatch}
          onChange={(microBatch) => change({ microBatch })}
        />
        <NumberField
          label="Learning rate"
          step={0.0001}
          value={settings.learningRate}
          onChange={(learningRate) => change({ learningRate })}
        />
        <NumberField
          label="Rate of the word"
          step={0.0001}
          value={settings.tokenLearningRate}
          onChange={(tokenLearningRate) => change({ tokenLearningRate })}
        />
        <NumberField
          label="Weight decay"
          min={0}
          max={1}
          step={0.01}
          value={settings.weightDecay}
          onChange={(weightDecay) => change({ weightDecay })}
        />
        {maxGradientNorm === null ? null : (
          <NumberField
            label="Largest norm"
            min={0}
            step={0.01}
            value={maxGradientNorm}
            onChange={(norm) => change({ maxGradientNorm: norm })}
          />
        )}
      </SimpleGrid>
      <Switch
        label="Clip gradients"
        description="An unusual picture moves a step no further than others; the paper does without."
        checked={maxGradientNorm !== null}
        onChange={({ currentTarget }) => {
          change({ maxGradientNorm: currentTarget.checked ? USUAL_GRADIENT_NORM : null });
        }}
      />
    </>
  );
}
