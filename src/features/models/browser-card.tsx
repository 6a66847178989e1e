/** @file What this browser lacks, and what works in which browser. */
import { List, Paper, ScrollArea, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEngine } from "../../state/engine-context.ts";
import { BROWSERS, SUPPORT } from "./browser-support.ts";
import { lacks } from "./this-browser.ts";

async function opensFileStore(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    // Also where the browser has no such function.
    return false;
  }
}

function useLacks(): string[] {
  const engine = useEngine();
  const backend = useQuery({
    queryKey: ["backend", "auto"],
    queryFn: () => engine.describeBackend("auto"),
  });
  const fileStore = useQuery({ queryKey: ["file-store"], queryFn: opensFileStore });
  return lacks({
    backend: backend.data ?? null,
    fileStore: fileStore.data ?? null,
    folders: "webkitdirectory" in HTMLInputElement.prototype,
    wakeLock: "wakeLock" in navigator,
    serviceWorker: "serviceWorker" in navigator,
  });
}

export function BrowserCard() {
  const missing = useLacks();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="browsers-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="browsers-title">
          Browsers
        </Title>
        {missing.length === 0 ? (
          <Text size="sm">Everything that the studio can use works in this browser.</Text>
        ) : (
          <List size="sm" spacing={6} data-testid="browser-lacks">
            {missing.map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
        )}
        <SupportTable />
      </Stack>
    </Paper>
  );
}

function SupportTable() {
  return (
    <ScrollArea
      type="auto"
      viewportProps={{ tabIndex: 0, "aria-label": "What works where", role: "region" }}
    >
      <Table miw="44rem" captionSide="top" verticalSpacing="xs" fz="sm">
        <Table.Caption ta="start" c="inherit">
          What works in which version of a browser, according to its maker. We have tried only what
          the last row says.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Feature</Table.Th>
            {BROWSERS.map((browser) => (
              <Table.Th key={browser}>{browser}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {SUPPORT.map(({ feature, without, cells }) => (
            <Table.Tr key={feature}>
              <Table.Th scope="row" fw={500}>
                {feature}
                <Text size="xs" c="dimmed">
                  {without}
                </Text>
              </Table.Th>
              {BROWSERS.map((browser) => (
                <Table.Td key={browser}>{cells[browser]}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
