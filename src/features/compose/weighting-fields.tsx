/** @file How concepts that are combined at each step share the picture: solved, by sliders, or by painted regions. */
import { Paper, Radio, Slider, Stack, Text, Title } from "@mantine/core";
import { useId } from "react";
import { useComposeForm, type Way, WAYS } from "../../state/compose-form.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { RegionPainter } from "./region-painter.tsx";

interface WeightingFieldsProps {
  readonly concepts: readonly ConceptRecord[];
  readonly latents: number;
}

const LABELS: Readonly<Record<Way, readonly [label: string, description: string]>> = {
  solved: ["By itself", "At each step, the direction that serves every concept."],
  fixed: ["By sliders", "The same shares at every step and everywhere."],
  regions: ["By regions", "Paint where each concept goes; the rest is shared."],
};

export function WeightingFields({ concepts, latents }: WeightingFieldsProps) {
  const { way, change } = useComposeForm();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="weighting-title">
      <Stack gap="sm">
        <Title order={3} size="h4" id="weighting-title">
          Combined at each step
        </Title>
        <Radio.Group
          label="How they share the picture"
          value={way}
          onChange={(value) => change({ way: value })}
        >
          <Stack gap="xs" mt="xs">
            {WAYS.map((value) => (
              <Radio
                key={value}
                value={value}
                label={LABELS[value][0]}
                description={LABELS[value][1]}
              />
            ))}
          </Stack>
        </Radio.Group>
        {way === "fixed" ? <Shares concepts={concepts} /> : null}
        {way === "regions" ? <RegionPainter concepts={concepts} latents={latents} /> : null}
      </Stack>
    </Paper>
  );
}

function Shares({ concepts }: Pick<WeightingFieldsProps, "concepts">) {
  const { weights, change } = useComposeForm();
  const total = concepts.reduce((sum, { id }) => sum + (weights[id] ?? 1), 0);
  return concepts.map(({ id, name }) => (
    <Share
      key={id}
      name={name}
      value={weights[id] ?? 1}
      share={total === 0 ? null : (weights[id] ?? 1) / total}
      onChange={(weight) => change({ weights: { ...weights, [id]: weight } })}
    />
  ));
}

interface ShareProps {
  readonly name: string;
  readonly value: number;
  /** Of the picture, from 0 to 1; null where all weights are 0. */
  readonly share: number | null;
  readonly onChange: (weight: number) => void;
}

function Share({ name, value, share, onChange }: ShareProps) {
  const id = useId();
  return (
    <div>
      <Text size="sm" id={id}>
        “{name}”: {share === null ? "no share; raise at least one" : `${Math.round(100 * share)} %`}
      </Text>
      <Slider
        min={0}
        max={2}
        step={0.05}
        label={null}
        value={value}
        onChange={onChange}
        thumbProps={{ "aria-labelledby": id }}
      />
    </div>
  );
}
