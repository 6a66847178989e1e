/** @file How concepts that are combined at each step share the picture: solved, by sliders, or by painted regions. */
import { Paper, Radio, Stack, Title } from "@mantine/core";
import { useComposeForm, type Way, WAYS } from "../../state/compose-form.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { LabelledSlider } from "./labelled-slider.tsx";
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
  return concepts.map(({ id, name }) => {
    const value = weights[id] ?? 1;
    const share =
      total === 0 ? "no share; raise at least one" : `${Math.round((100 * value) / total)} %`;
    return (
      <LabelledSlider
        key={id}
        label={`“${name}”: ${share}`}
        value={value}
        max={2}
        onChange={(weight) => change({ weights: { ...weights, [id]: weight } })}
      />
    );
  });
}
