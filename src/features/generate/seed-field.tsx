/** @file The seed: typed, shuffled, or locked so that the next job starts from the same noise. */
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { Dices, Lock, LockOpen } from "../../ui/icons.ts";
import { changeForm, randomSeed, useGenerationForm } from "../../state/generation-form.ts";
import { NumberField } from "./number-field.tsx";

export function SeedField() {
  const seed = useGenerationForm((form) => form.seed);
  const locked = useGenerationForm((form) => form.seedLocked);
  const lockLabel = locked
    ? "Seed stays; click to shuffle it after each job"
    : "Seed is shuffled after each job; click to keep it";
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <NumberField
        label="Seed"
        flex={1}
        hideControls
        allowDecimal={false}
        allowNegative={false}
        max={0xffffffff}
        value={seed}
        onChange={(value) => changeForm({ seed: value })}
      />
      <Tooltip label="Shuffle the seed">
        <ActionIcon
          variant="default"
          size="input-sm"
          aria-label="Shuffle the seed"
          onClick={() => changeForm({ seed: randomSeed() })}
        >
          <Dices size={18} aria-hidden="true" />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={lockLabel}>
        <ActionIcon
          variant={locked ? "filled" : "default"}
          size="input-sm"
          aria-label="Keep the seed"
          aria-pressed={locked}
          onClick={() => changeForm({ seedLocked: !locked })}
        >
          {locked ? (
            <Lock size={18} aria-hidden="true" />
          ) : (
            <LockOpen size={18} aria-hidden="true" />
          )}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
