/** @file Sampler, steps, guidance and how many images; what is left alone follows the open model. */
import { Button, Select, SimpleGrid, Stack, Textarea } from "@mantine/core";
import { SAMPLERS } from "../../core/diffusion/sampler.ts";
import { useModel } from "../../state/engine-context.ts";
import { changeForm, useGenerationForm } from "../../state/generation-form.ts";
import { SAMPLER_LABELS } from "../../ui/sampler-labels.ts";
import { samplingOf } from "./sampling.ts";
import { NumberField } from "./number-field.tsx";
import { SeedField } from "./seed-field.tsx";

const MAX_STEPS = 150;

export function SettingsFields() {
  const textWidth = useModel(({ status }) =>
    status.kind === "open" ? status.info.textWidth : null,
  );
  const form = useGenerationForm((all) => all);
  const { sampler, steps, guidance, eta } = samplingOf(form, textWidth);
  const changed = form.sampler !== null || form.steps !== null || form.guidance !== null;
  return (
    <Stack gap="sm">
      <Textarea
        label="Negative prompt"
        description={
          guidance === 1
            ? "Not used: at a guidance of 1 the prompt alone is read."
            : "What the picture should keep away from."
        }
        autosize
        minRows={1}
        value={form.negativePrompt}
        onChange={(event) => changeForm({ negativePrompt: event.currentTarget.value })}
      />
      <SimpleGrid cols={2} spacing="sm">
        <Select
          label="Sampler"
          data={SAMPLERS.map((value) => ({ value, label: SAMPLER_LABELS[value] }))}
          value={sampler}
          allowDeselect={false}
          onChange={(value) => changeForm({ sampler: value })}
        />
        <NumberField
          label="Steps"
          min={1}
          max={MAX_STEPS}
          allowDecimal={false}
          value={steps}
          onChange={(value) => changeForm({ steps: value })}
        />
        <NumberField
          label="Guidance"
          min={0}
          max={30}
          step={0.5}
          decimalScale={2}
          value={guidance}
          onChange={(value) => changeForm({ guidance: value })}
        />
        <NumberField
          label="Images"
          min={1}
          max={16}
          allowDecimal={false}
          value={form.count}
          onChange={(value) => changeForm({ count: value })}
        />
        {sampler === "ddim" ? (
          <NumberField
            label="Eta"
            description="Fresh noise in each step: 0 is none."
            min={0}
            max={1}
            step={0.1}
            decimalScale={2}
            value={eta}
            onChange={(value) => changeForm({ eta: value })}
          />
        ) : null}
      </SimpleGrid>
      <SeedField />
      {changed ? (
        <Button
          variant="subtle"
          size="compact-sm"
          style={{ alignSelf: "flex-start" }}
          onClick={() => changeForm({ sampler: null, steps: null, guidance: null, eta: 0 })}
        >
          Back to the model’s usual settings
        </Button>
      ) : null}
    </Stack>
  );
}
