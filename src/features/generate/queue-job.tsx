/** @file One job of the queue: what it paints, how far it is, and the way out of it. */
import { Button, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { useGenerationStore } from "../../state/engine-context.ts";
import type { QueuedJob } from "../../state/generation-store.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { jobPercentage, jobSentence, type Surroundings } from "./job-sentence.ts";

interface QueueJobProps {
  readonly job: QueuedJob;
  readonly surroundings: Surroundings;
}

export function QueueJob({ job, surroundings }: QueueJobProps) {
  const { cancel } = useGenerationStore().getState();
  const { id, request, conceptName, state, painted, cuts } = job;
  const count = request.seeds.length;
  const images = count === 1 ? "1 image" : `${count} images, ${painted.length} done`;
  return (
    <Paper component="li" withBorder p="sm">
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Text size="sm" lineClamp={2} style={{ overflowWrap: "anywhere" }}>
            {request.prompt}
          </Text>
          <Button
            variant="default"
            size="compact-sm"
            flex="none"
            disabled={state.kind === "stopping"}
            onClick={() => cancel(id)}
          >
            {state.kind === "failed" ? "Dismiss" : "Cancel"}
          </Button>
        </Group>
        <Text size="xs" c="dimmed">
          {conceptName === null ? images : `${images} · ${conceptName}`}
        </Text>
        <JobProgress job={job} surroundings={surroundings} />
        {cuts.map((cut) => (
          <Text key={cut} size="xs" fw={500}>
            Too long for the text encoder, so this is not read: “{cut}”
          </Text>
        ))}
      </Stack>
    </Paper>
  );
}

function JobProgress({ job: { id, state }, surroundings }: QueueJobProps) {
  const { retry } = useGenerationStore().getState();
  if (state.kind === "failed") {
    return <ErrorAlert title="Not painted" error={state.error} onRetry={() => retry(id)} />;
  }
  const sentence = jobSentence(state, surroundings);
  const percentage = jobPercentage(state);
  return (
    <>
      <Text size="sm" data-testid="job-state">
        {sentence}
      </Text>
      <Progress.Root size="sm">
        <Progress.Section
          value={percentage ?? 100}
          striped={percentage === null}
          aria-label={sentence}
        />
      </Progress.Root>
    </>
  );
}
