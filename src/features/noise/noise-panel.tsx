/** @file Predicts the noise in seeded latents under a prompt, once, and shows what came out. */
import { Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { NoiseRequest } from "../../rpc/contracts.ts";
import { useEngine, useModel } from "../../state/engine-context.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { NoiseForm } from "./noise-form.tsx";
import { NoiseResult, type NoiseOutcome } from "./noise-result.tsx";

export function NoisePanel() {
  const engine = useEngine();
  const info = useModel((state) => (state.status.kind === "open" ? state.status.info : null));
  const status = useModel((state) => state.status.kind);
  // Kept apart from the mutation, so that the last picture stays while the next is computed.
  const [result, setResult] = useState<NoiseOutcome | null>(null);
  const prediction = useMutation({
    mutationFn: async (request: NoiseRequest) => ({
      noise: await engine.predictNoise(request),
      backend: info?.backend.chosen ?? null,
    }),
    onSuccess: setResult,
    onError: () => setResult(null),
  });
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="noise-title">
      <Stack gap="md">
        <div>
          <Title order={2} size="h3" id="noise-title">
            Predict noise
          </Title>
          <Text size="sm" c="dimmed" maw="65ch">
            The UNet sees seeded random latents and a prompt, and predicts the noise in them at the
            chosen timestep. Sampling an image repeats this at falling timesteps.
          </Text>
        </div>
        <NoiseForm
          model={status}
          busy={prediction.isPending}
          onSubmit={(request) => {
            prediction.mutate(request);
          }}
        />
        {prediction.isError ? (
          <ErrorAlert title="The noise could not be predicted" error={prediction.error} />
        ) : null}
        <NoiseResult result={result} latentShape={info?.latentShape ?? null} />
      </Stack>
    </Paper>
  );
}
