/** @file The page Developer: switches for every optimisation, and where the time of the last step went. */
import { SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { BreakdownCard } from "./breakdown-card.tsx";
import { SwitchesCard } from "./switches-card.tsx";

export function DeveloperPage() {
  return (
    <Stack>
      <Title order={2}>Developer</Title>
      <Text size="sm">
        For whoever works on the studio. Results may differ by rounding where a switch is off, and
        by nothing else.
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <SwitchesCard />
        <BreakdownCard />
      </SimpleGrid>
    </Stack>
  );
}
