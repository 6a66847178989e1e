/** @file The page Models: what is open, what computes it, what is stored, and what works in which browser. */
import { Anchor, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "wouter";
import { AddModelCard } from "./add-model-card.tsx";
import { BrowserCard } from "./browser-card.tsx";
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
          <AddModelCard />
        </Stack>
      </SimpleGrid>
      <StorageCard />
      <BrowserCard />
      <Text size="sm">
        <Anchor component={Link} href="/developer">
          Where the time goes, and switches for every optimisation
        </Anchor>
      </Text>
    </Stack>
  );
}
