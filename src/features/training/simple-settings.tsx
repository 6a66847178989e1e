/** @file How long to train, in three words, and the way to everything else. */
import { Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { SlidersHorizontal } from "../../ui/icons.ts";
import { useDraft } from "./draft-store.ts";
import { presetOf, presetSteps, STEP_PRESETS, type StepPreset } from "./step-presets.ts";

interface SimpleSettingsProps {
  readonly steps: number;
  readonly defaultSteps: number;
  readonly onAdvanced: () => void;
}

export function SimpleSettings({ steps, defaultSteps, onAdvanced }: SimpleSettingsProps) {
  const changeSettings = useDraft((state) => state.changeSettings);
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500} id="training-length">
        How long to train
      </Text>
      <SegmentedControl
        aria-labelledby="training-length"
        fullWidth
        // A number of one's own is none of the three.
        value={presetOf(steps, defaultSteps) ?? ""}
        data={STEP_PRESETS.map(({ value, label }) => ({ value, label }))}
        onChange={(value: string) => {
          const preset = STEP_PRESETS.find((each) => each.value === value);
          if (preset !== undefined) {
            changeSettings({ steps: presetSteps(preset.value satisfies StepPreset, defaultSteps) });
          }
        }}
      />
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {Number.isNaN(steps) ? "No number of steps" : `${steps} steps`}
        </Text>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<SlidersHorizontal size={16} aria-hidden />}
          onClick={onAdvanced}
        >
          Advanced settings
        </Button>
      </Group>
    </Stack>
  );
}
