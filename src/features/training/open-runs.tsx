/** @file Runs that need somebody: unfinished ones, and finished ones whose concept is gone. */
import { Button, Group, Paper, Progress, Stack, Text, Title } from "@mantine/core";
import { Play, Trash2 } from "../../ui/icons.ts";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useTraining } from "../../state/engine-context.ts";
import { type RunRecord, useHeldRuns, useRuns } from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import classes from "./open-runs.module.css";
import { canResume, conditionSentence, runCondition } from "./run-condition.ts";
import { DeleteRunDialog } from "./run-dialogs.tsx";
import { ConditionBadge } from "./run-status.tsx";
import { runWords } from "./run-words.ts";
import { useRunActions } from "./use-run-actions.ts";

interface OpenRunsProps {
  readonly concepts: readonly Pick<ConceptRecord, "id">[];
}

export function OpenRuns({ concepts }: OpenRunsProps) {
  const { data, error } = useRuns();
  const ids = new Set(concepts.map(({ id }) => id));
  const open = (data?.runs ?? []).filter(
    ({ conceptId }) => conceptId === null || !ids.has(conceptId),
  );
  if (error !== null) return <ErrorAlert title="The training runs cannot be read" error={error} />;
  if (open.length === 0) return null;
  return (
    <Stack component="section" aria-labelledby="runs-title" gap="sm">
      <Title order={3} size="h4" id="runs-title">
        Training runs
      </Title>
      {open.map((run) => (
        <OpenRun key={run.id} run={run} />
      ))}
    </Stack>
  );
}

function OpenRun({ run }: { readonly run: RunRecord }) {
  const [, navigate] = useLocation();
  const [deleting, setDeleting] = useState(false);
  const activeRunId = useTraining((state) => state.activeRunId);
  const liveStep = useTraining(({ active }) => active?.step ?? 0);
  const held = useHeldRuns(run.status === "running" && activeRunId !== run.id);
  const condition = runCondition(run, activeRunId, held);
  const actions = useRunActions(run);
  const step = condition === "training" ? liveStep : run.step;
  return (
    <Paper withBorder p="sm" component="article" aria-label={run.name}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Text fw={600} className={classes.name}>
            {run.name}{" "}
            <Text span c="dimmed" size="sm">
              {runWords(run)}
            </Text>
          </Text>
          <ConditionBadge condition={condition} />
        </Group>
        <Progress.Root size="sm">
          <Progress.Section
            value={(100 * step) / run.settings.steps}
            aria-label={`Step ${step} of ${run.settings.steps}`}
          />
        </Progress.Root>
        <Text size="sm" c="dimmed">
          {condition === "finished"
            ? "Finished; its concept was deleted."
            : conditionSentence(condition, run)}
        </Text>
        {actions.error === null ? null : (
          <ErrorAlert title="The run could not be changed" error={actions.error} />
        )}
        <Group gap="xs">
          <Button component={Link} href={`/runs/${run.id}`} variant="default" size="xs">
            Open
          </Button>
          {canResume(condition) ? (
            <Button
              size="xs"
              leftSection={<Play size={14} aria-hidden />}
              disabled={actions.problem !== null}
              title={actions.problem ?? undefined}
              onClick={() => {
                actions.resume();
                navigate(`/runs/${run.id}`);
              }}
            >
              {run.step === 0 ? "Start" : "Resume"}
            </Button>
          ) : null}
          {condition === "training" || condition === "elsewhere" ? null : (
            <Button
              size="xs"
              variant="default"
              leftSection={<Trash2 size={14} aria-hidden />}
              onClick={() => setDeleting(true)}
            >
              Delete
            </Button>
          )}
        </Group>
      </Stack>
      <DeleteRunDialog
        opened={deleting}
        run={run}
        onClose={() => setDeleting(false)}
        onDelete={() => {
          setDeleting(false);
          actions.remove(() => undefined);
        }}
      />
    </Paper>
  );
}
