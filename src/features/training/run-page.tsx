/** @file The page of a run: how far it is, its curves, previews over time, settings and photos. */
import { Anchor, Group, Paper, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { Link } from "wouter";
import { useTraining } from "../../state/engine-context.ts";
import { LossBuffer } from "../../state/loss-buffer.ts";
import {
  type RunRecord,
  useHeldRuns,
  useRun,
  useRunHistory,
  useRunPreviews,
} from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { LossChart } from "./loss-chart.tsx";
import { PreviewGrid } from "./preview-grid.tsx";
import { runCondition } from "./run-condition.ts";
import { RunControls } from "./run-controls.tsx";
import { RunFacts } from "./run-facts.tsx";
import { RunPhotos } from "./run-photos.tsx";
import { ConditionBadge, RunStatus } from "./run-status.tsx";
import { runWords } from "./run-words.ts";
import classes from "./run-page.module.css";

export function RunPage({ id }: { readonly id: string }) {
  const { data: run, error } = useRun(id);
  return (
    <Stack>
      <Anchor component={Link} href="/concepts" size="sm" className={classes.back}>
        All concepts
      </Anchor>
      {error === null ? null : <ErrorAlert title="The run cannot be read" error={error} />}
      {run === undefined && error === null ? <Skeleton h="12rem" /> : null}
      {run === null ? (
        <Text>This run is not in this browser any more; it was deleted, or made in another.</Text>
      ) : null}
      {run == null ? null : <Run run={run} />}
    </Stack>
  );
}

function Run({ run }: { readonly run: RunRecord }) {
  const activeRunId = useTraining((state) => state.activeRunId);
  const held = useHeldRuns(run.status === "running" && activeRunId !== run.id);
  const condition = runCondition(run, activeRunId, held);
  const { data: previews = [], error: previewsError } = useRunPreviews(run.id);
  return (
    <>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div className={classes.heading}>
          <Title order={2}>{run.name}</Title>
          <Text c="dimmed" size="sm">
            {runWords(run)}
          </Text>
        </div>
        <ConditionBadge condition={condition} />
      </Group>
      <Card title="Progress">
        <RunStatus run={run} condition={condition} />
        <RunControls run={run} condition={condition} />
      </Card>
      <Card title="Losses">
        <Losses run={run} active={condition === "training"} />
      </Card>
      <Card title="Previews">
        {previewsError === null ? null : (
          <ErrorAlert title="The previews cannot be read" error={previewsError} />
        )}
        {previews.length > 0 ? (
          <PreviewGrid previews={previews} prompts={run.previews.prompts} />
        ) : (
          <Text size="sm" c="dimmed">
            {run.previews.every === 0
              ? "This run paints no previews."
              : `The first are painted after step ${Math.min(run.previews.every, run.settings.steps)}, always from the same noise, so that only what was learnt differs.`}
          </Text>
        )}
      </Card>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card title="Settings">
          <RunFacts run={run} />
        </Card>
        <Card title="Photos">
          <RunPhotos run={run} />
        </Card>
      </SimpleGrid>
    </>
  );
}

/** The curve of the run that trains (or trained last) here grows in memory; any other comes from the store. */
function Losses({ run, active }: { readonly run: RunRecord; readonly active: boolean }) {
  const live = useTraining((state) => state.losses);
  const { data: history } = useRunHistory(run.id);
  const stored = useMemo(() => {
    const buffer = new LossBuffer();
    if (history !== undefined) buffer.load(history);
    return buffer;
  }, [history]);
  return <LossChart losses={active ? live : stored} steps={run.settings.steps} />;
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Title order={3} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}
