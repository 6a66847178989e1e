/** @file The page Models: what is open, what computes it, what is stored, and what works in which browser. */
import { SimpleGrid, Stack, Title } from "@mantine/core";
import { BrowserCard } from "./browser-card.tsx";
import { ImportCard } from "./import-card.tsx";
import { ModelCard } from "./model-card.tsx";
import { ModelList } from "./model-list.tsx";
import { StorageCard } from "./storage-card.tsx";

export function ModelsPage() {
  return (
    <Stack>
      <Title order={2}>Models</Title>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <ModelCard />
        <Stack>
          <ModelList />
          <ImportCard />
        </Stack>
      </SimpleGrid>
      <StorageCard />
      <BrowserCard />
    </Stack>
  );
}
