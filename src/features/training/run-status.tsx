/** @file How far a run is: its state, a bar, the time left, and what it has to say. */
import { Alert, Badge, Group, Progress, Stack, Text } from "@mantine/core";
import { useTraining } from "../../state/engine-context.ts";
import type { RunRecord } from "../../state/runs.ts";
import type { ActiveRun } from "../../state/training-store.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatDuration } from "../../ui/format.ts";
import { progressSentence, timeLeft } from "./progress-sentence.ts";
import { CONDITION_LABELS, conditionSentence, type RunCondition } from "./run-condition.ts";
import classes from "./run-status.module.css";

const COLOURS: Readonly<Record<RunCondition, string>> = {
  training: "blue",
  elsewhere: "blue",
  interrupted: "orange",
  ready: "gray",
  paused: "gray",
  finished: "green",
  failed: "red",
};

export function ConditionBadge({ condition }: { readonly condition: RunCondition }) {
  return (
    <Badge variant="light" color={COLOURS[condition]} className={classes.badge}>
      {CONDITION_LABELS[condition]}
    </Badge>
  );
}

interface RunStatusProps {
  readonly run: RunRecord;
  readonly condition: RunCondition;
}

export function RunStatus({ run, condition }: RunStatusProps) {
  const active = useTraining(({ activeRunId, active }) => (activeRunId === run.id ? active : null));
  const failure = useTraining(({ failure }) => (failure?.runId === run.id ? failure : null));
  const notices = useTraining(({ notices }) => notices);
  const step = active?.step ?? run.step;
  return (
    <Stack gap="xs">
      <div role="status">
        <Text size="sm">
          {active === null ? conditionSentence(condition, run) : "Training runs in this tab."}
        </Text>
      </div>
      <Progress.Root size="lg">
        <Progress.Section
          value={(100 * step) / run.settings.steps}
          aria-label={`Step ${step} of ${run.settings.steps}`}
        />
      </Progress.Root>
      {active === null ? null : <LiveLine active={active} />}
      {failure === null || active !== null ? null : (
        <ErrorAlert title="Training stopped" error={failure.error} />
      )}
      {notices.runId === run.id
        ? notices.sentences.map((sentence) => (
            <Alert key={sentence} color="yellow" variant="light">
              {sentence}
            </Alert>
          ))
        : null}
    </Stack>
  );
}

function LiveLine({ active }: { readonly active: ActiveRun }) {
  const { millisecondsPerStep, leftOut } = active;
  const left = timeLeft(active);
  return (
    <Group justify="space-between" gap="xs" className={classes.live}>
      <Text size="sm" fw={600}>
        {progressSentence(active)}
      </Text>
      <Text size="sm" c="dimmed">
        {[
          left,
          millisecondsPerStep === null ? null : `${formatDuration(millisecondsPerStep)} a step`,
          `step ${active.checkpointStep} is kept`,
          leftOut === 0 ? null : `${leftOut} left out, whose gradients were not finite`,
        ]
          .filter((part) => part !== null)
          .join(" · ")}
      </Text>
    </Group>
  );
}
