/** @file The page Models: what is open, what computes it, and what is stored. */
import { Stack, Title } from "@mantine/core";
import { ModelCard } from "./model-card.tsx";

export function ModelsPage() {
  return (
    <Stack>
      <Title order={2}>Models</Title>
      <ModelCard />
    </Stack>
  );
}
