/** @file The buttons of a run: pause, save and stop while it trains; resume, finish here and delete while it does not. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { Flag, Pause, Play, Save, Sparkles, Square, Trash2 } from "../../ui/icons.ts";
import { useState } from "react";
import { useLocation } from "wouter";
import { useConcept } from "../../state/concepts.ts";
import { useTraining } from "../../state/engine-context.ts";
import type { RunRecord } from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { usePaintWith } from "../concepts/paint-with.ts";
import { canResume, type RunCondition } from "./run-condition.ts";
import { DeleteRunDialog, StopDialog } from "./run-dialogs.tsx";
import { useRunActions } from "./use-run-actions.ts";

interface RunControlsProps {
  readonly run: RunRecord;
  readonly condition: RunCondition;
}

export function RunControls({ run, condition }: RunControlsProps) {
  const [, navigate] = useLocation();
  const paintWith = usePaintWith();
  // It may have been deleted since.
  const { data: concept } = useConcept(run.conceptId ?? "");
  const [dialog, setDialog] = useState<"stop" | "delete" | null>(null);
  const actions = useRunActions(run);
  const stopping = useTraining(({ active }) => active?.stopping ?? false);
  const training = condition === "training";
  const resumable = canResume(condition);
  const close = (): void => setDialog(null);
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {training ? (
          <>
            <Button
              leftSection={<Pause size={16} aria-hidden />}
              loading={stopping}
              onClick={actions.pause}
            >
              Pause
            </Button>
            <Button
              variant="default"
              leftSection={<Save size={16} aria-hidden />}
              disabled={stopping}
              onClick={actions.saveCheckpoint}
            >
              Save checkpoint
            </Button>
            <Button
              variant="default"
              leftSection={<Square size={16} aria-hidden />}
              onClick={() => {
                actions.pause();
                setDialog("stop");
              }}
            >
              Stop
            </Button>
          </>
        ) : null}
        {resumable ? (
          <Button
            leftSection={<Play size={16} aria-hidden />}
            disabled={actions.problem !== null}
            onClick={actions.resume}
          >
            {run.step === 0 ? "Start" : "Resume"}
          </Button>
        ) : null}
        {resumable && run.step > 0 ? (
          <Button
            variant="default"
            leftSection={<Flag size={16} aria-hidden />}
            disabled={actions.problem !== null}
            onClick={actions.finishHere}
          >
            Finish here
          </Button>
        ) : null}
        {concept == null ? null : (
          <Button
            leftSection={<Sparkles size={16} aria-hidden />}
            onClick={() => paintWith(concept)}
          >
            Generate with it
          </Button>
        )}
        {training || condition === "elsewhere" ? null : (
          <Button
            variant="default"
            leftSection={<Trash2 size={16} aria-hidden />}
            onClick={() => setDialog("delete")}
          >
            Delete run
          </Button>
        )}
      </Group>
      {resumable && actions.problem !== null ? (
        <Text size="sm" c="dimmed">
          {actions.problem}
        </Text>
      ) : null}
      {actions.error === null ? null : (
        <ErrorAlert title="The run could not be changed" error={actions.error} />
      )}
      <StopDialog
        opened={dialog === "stop"}
        run={run}
        stopped={!training}
        onClose={close}
        onFinish={() => {
          close();
          actions.finishHere();
        }}
        onDelete={() => setDialog("delete")}
      />
      <DeleteRunDialog
        opened={dialog === "delete"}
        run={run}
        onClose={close}
        onDelete={() => {
          close();
          actions.remove(() => navigate("/concepts"));
        }}
      />
    </Stack>
  );
}
