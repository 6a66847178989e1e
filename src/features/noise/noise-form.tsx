/** @file What the prediction depends on: prompt, timestep and seed. */
import { Button, Group, Input, NumberInput, Slider, Text, Textarea } from "@mantine/core";
import { useId, useState } from "react";
import type { NoiseRequest } from "../../rpc/contracts.ts";
import type { ModelStatus } from "../../state/model-store.ts";

const LAST_TIMESTEP = 999;
/** Seeds are 32-bit. */
const LARGEST_SEED = 4_294_967_295;

const HINTS: Readonly<Record<ModelStatus["kind"], string>> = {
  opening: "Waiting for the model to open.",
  open: "",
  failed: "There is no open model to ask.",
};

interface NoiseFormProps {
  readonly model: ModelStatus["kind"];
  readonly busy: boolean;
  readonly onSubmit: (request: NoiseRequest) => void;
}

export function NoiseForm({ model, busy, onSubmit }: NoiseFormProps) {
  const [prompt, setPrompt] = useState("photo of a bear on the beach");
  const [timestep, setTimestep] = useState(500);
  const [seed, setSeed] = useState(1);
  const timestepLabel = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({ prompt, timestep, seed });
      }}
    >
      <Textarea
        label="Prompt"
        autosize
        minRows={2}
        maxRows={6}
        value={prompt}
        onChange={(event) => {
          setPrompt(event.currentTarget.value);
        }}
      />
      <Group align="flex-start" mt="md" gap="lg">
        <div style={{ flex: "1 1 14rem" }}>
          <Input.Label id={timestepLabel}>Timestep: {timestep}</Input.Label>
          <Slider
            mt={8}
            min={0}
            max={LAST_TIMESTEP}
            label={null}
            value={timestep}
            onChange={setTimestep}
            thumbProps={{ "aria-labelledby": timestepLabel }}
          />
          <Group justify="space-between" mt={6}>
            <Text size="xs" c="dimmed">
              0, an image
            </Text>
            <Text size="xs" c="dimmed">
              {LAST_TIMESTEP}, noise
            </Text>
          </Group>
        </div>
        <NumberInput
          label="Seed"
          w="9rem"
          min={0}
          max={LARGEST_SEED}
          allowDecimal={false}
          allowNegative={false}
          clampBehavior="strict"
          value={seed}
          onChange={(value) => {
            setSeed(Number(value));
          }}
        />
      </Group>
      <Group mt="md" gap="sm">
        <Button type="submit" loading={busy} disabled={model !== "open"}>
          Predict noise
        </Button>
        <Text size="sm" c="dimmed">
          {HINTS[model]}
        </Text>
      </Group>
    </form>
  );
}
