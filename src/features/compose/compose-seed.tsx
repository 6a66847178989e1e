/** @file The seed that all pictures of the comparison start from. */
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { Dices } from "../../ui/icons.ts";
import { useComposeForm } from "../../state/compose-form.ts";
import { randomSeed } from "../../state/generation-form.ts";
import { NumberField } from "../generate/number-field.tsx";

export function ComposeSeed() {
  const { seed, change } = useComposeForm();
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <NumberField
        label="Seed"
        w="8rem"
        hideControls
        allowDecimal={false}
        allowNegative={false}
        max={0xffffffff}
        value={seed}
        onChange={(value) => change({ seed: value })}
      />
      <Tooltip label="Shuffle the seed">
        <ActionIcon
          variant="default"
          size="input-sm"
          aria-label="Shuffle the seed"
          onClick={() => change({ seed: randomSeed() })}
        >
          <Dices size={18} aria-hidden="true" />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
