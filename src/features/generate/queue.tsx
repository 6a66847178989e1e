/** @file The queue: what is being painted, what waits, what failed. */
import { Stack, Title, VisuallyHidden } from "@mantine/core";
import { useGeneration, useModel, useTraining } from "../../state/engine-context.ts";
import { QueueJob } from "./queue-job.tsx";

export function Queue() {
  const jobs = useGeneration((state) => state.jobs);
  const latest = useGeneration((state) => state.latestImageId);
  const model = useModel(({ status }) => status.kind);
  const training = useTraining(({ activeRunId }) => activeRunId !== null);
  return (
    <section aria-labelledby="queue-title">
      {/* Screen readers hear of results, not of every step. */}
      <VisuallyHidden role="status">
        {latest === null || jobs.length > 0 ? "" : "The image is ready."}
      </VisuallyHidden>
      {jobs.length === 0 ? (
        <VisuallyHidden id="queue-title">Queue</VisuallyHidden>
      ) : (
        <Stack gap="xs">
          <Title order={3} size="h5" id="queue-title">
            Queue
          </Title>
          <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: "none" }}>
            {jobs.map((job) => (
              <QueueJob key={job.id} job={job} surroundings={{ model, training }} />
            ))}
          </Stack>
        </Stack>
      )}
    </section>
  );
}
