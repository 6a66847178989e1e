/** @file Where the time of the last step went, by the engine's clock and by the GPU's, as it comes in. */
import { Paper, ScrollArea, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Breakdown } from "../../rpc/contracts.ts";
import { useEngine } from "../../state/engine-context.ts";

/** The engine measures for some seconds after each look. */
const LOOK_EVERY = 1000;

export function BreakdownCard() {
  const engine = useEngine();
  const { data } = useQuery({
    queryKey: ["breakdown"],
    queryFn: () => engine.breakdown(),
    refetchInterval: LOOK_EVERY,
  });
  const breakdown = data ?? null;
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="breakdown-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="breakdown-title">
          Where the time goes
        </Title>
        {breakdown === null ? (
          <Text size="sm">
            Nothing is measured yet. Paint or train something, and come back to this page meanwhile.
          </Text>
        ) : (
          <Sections breakdown={breakdown} />
        )}
      </Stack>
    </Paper>
  );
}

function Sections({
  breakdown: { what, milliseconds, sections },
}: {
  readonly breakdown: Breakdown;
}) {
  const show = (time: number | null): string => (time === null ? "–" : time.toFixed(1));
  const longest = sections.toSorted((a, b) => weight(b) - weight(a));
  return (
    <ScrollArea
      type="auto"
      viewportProps={{ tabIndex: 0, "aria-label": "Sections of a step", role: "region" }}
    >
      <Table captionSide="top" verticalSpacing="xs" fz="sm">
        <Table.Caption ta="start" c="inherit">
          Last {what}: {milliseconds.toFixed(1)} ms. The engine&apos;s time is that of launching
          where nothing waited for the GPU.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Section</Table.Th>
            <Table.Th ta="end">Engine, ms</Table.Th>
            <Table.Th ta="end">GPU, ms</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {longest.map((section) => (
            <Table.Tr key={section.name}>
              <Table.Th scope="row" fw={500}>
                {section.name}
              </Table.Th>
              <Table.Td ta="end">{show(section.milliseconds)}</Table.Td>
              <Table.Td ta="end">{show(section.gpuMilliseconds)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}

function weight({ milliseconds, gpuMilliseconds }: Breakdown["sections"][number]): number {
  return Math.max(milliseconds ?? 0, gpuMilliseconds ?? 0);
}
