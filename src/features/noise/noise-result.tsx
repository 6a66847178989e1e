/** @file The predicted noise: its channels as pictures on one scale, and its figures. */
import { SimpleGrid, Stack, Text, VisuallyHidden } from "@mantine/core";
import type { BackendName, NoisePrediction } from "../../rpc/contracts.ts";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { formatDuration } from "../../ui/format.ts";
import { BACKEND_LABELS } from "../../ui/backend-label.ts";
import { ColourLegend } from "./colour-legend.tsx";
import { EmptyChannel, LatentChannel } from "./latent-channel.tsx";
import { splitChannels } from "./split-channels.ts";

/** Latents have four channels in every model of the Stable Diffusion family. */
const USUAL_CHANNELS = 4;

/** Beyond three standard deviations a colour only says "far": one outlier must not pale the rest. */
const DEVIATIONS_SHOWN = 3;

export interface NoiseOutcome {
  readonly noise: NoisePrediction;
  readonly backend: BackendName | null;
}

interface NoiseResultProps {
  readonly result: NoiseOutcome | null;
  readonly latentShape: readonly number[] | null;
}

function factsOf(result: NoiseOutcome | null): Fact[] {
  const noise = result?.noise;
  return [
    { name: "Mean", value: noise?.mean.toFixed(4) ?? null },
    { name: "Standard deviation", value: noise?.standardDeviation.toFixed(4) ?? null },
    { name: "Prompt tokens", value: noise?.promptTokens ?? null },
    {
      name: result?.backend == null ? "Time" : `Time on ${BACKEND_LABELS[result.backend]}`,
      value: noise === undefined ? null : formatDuration(noise.milliseconds),
    },
  ];
}

export function NoiseResult({ result, latentShape }: NoiseResultProps) {
  const noise = result?.noise ?? null;
  const channels = noise === null ? [] : splitChannels(noise.shape, noise.data);
  const limit = noise === null ? null : DEVIATIONS_SHOWN * noise.standardDeviation;
  const empty = latentShape?.[1] ?? USUAL_CHANNELS;
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        {limit === null
          ? Array.from({ length: empty }, (_, index) => <EmptyChannel key={index} index={index} />)
          : channels.map((channel, index) => (
              <LatentChannel key={index} index={index} channel={channel} limit={limit} />
            ))}
      </SimpleGrid>
      <ColourLegend limit={limit} />
      <VisuallyHidden role="status">
        {noise === null ? "" : `Noise predicted in ${formatDuration(noise.milliseconds)}.`}
      </VisuallyHidden>
      {noise?.truncatedText == null ? null : (
        <Text size="sm">
          The prompt is longer than the text encoder reads. Left out: “{noise.truncatedText}”
        </Text>
      )}
      <FactList facts={factsOf(result)} loading={false} />
    </Stack>
  );
}
