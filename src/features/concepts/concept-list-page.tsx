/** @file The list on the page Concepts: runs that are unfinished, and the concepts there are, with a way to bring in more. */
import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Plus } from "../../ui/icons.ts";
import { Link } from "wouter";
import { useConcepts } from "../../state/concepts.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { OpenRuns } from "../training/open-runs.tsx";
import { ConceptList } from "./concept-list.tsx";
import { ImportPanel } from "./import-panel.tsx";

export function ConceptListPage() {
  const { data, error, refetch } = useConcepts();
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <Title order={2}>Concepts</Title>
        <Button component={Link} href="/concepts/new" leftSection={<Plus size={16} aria-hidden />}>
          New concept
        </Button>
      </Group>
      <OpenRuns concepts={data?.concepts ?? []} />
      {error === null ? null : (
        <ErrorAlert
          title="The concepts cannot be read"
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null ? <Skeleton h="10rem" /> : null}
      {data === undefined ? null : <ConceptList concepts={data.concepts} />}
      {data === undefined || data.unreadable === 0 ? null : (
        <Text size="sm" c="dimmed">
          {data.unreadable === 1 ? "One concept was" : `${data.unreadable} concepts were`} written
          by another version of the studio and cannot be shown; nothing of it is lost.
        </Text>
      )}
      <ImportPanel />
    </Stack>
  );
}
