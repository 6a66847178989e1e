/** @file The two questions a run may need answered: what to do with what was learnt so far, and whether to delete it. */
import { Button, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import type { RunRecord } from "../../state/runs.ts";

interface DialogProps {
  readonly opened: boolean;
  readonly run: RunRecord;
  readonly onClose: () => void;
  readonly onDelete: () => void;
}

interface StopDialogProps extends DialogProps {
  /** Whether the step that ran has ended. */
  readonly stopped: boolean;
  readonly onFinish: () => void;
}

export function StopDialog({ opened, run, stopped, onClose, onFinish, onDelete }: StopDialogProps) {
  const { step, settings } = run;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Stop training"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="md">
        {stopped ? (
          <Text size="sm">
            {step === 0
              ? "It stopped before its first step, so there is nothing to make a concept of."
              : `It stopped after step ${step} of ${settings.steps}. Finish here makes a concept of what was learnt so far; you can also leave it paused and resume later.`}
          </Text>
        ) : (
          <Group gap="sm" role="status">
            <Loader size="sm" />
            <Text size="sm">Stopping after the step that runs</Text>
          </Group>
        )}
        <Group gap="xs">
          <Button disabled={!stopped || step === 0} onClick={onFinish}>
            Finish here
          </Button>
          <Button variant="default" onClick={onClose}>
            Leave it paused
          </Button>
          <Button variant="default" disabled={!stopped} onClick={onDelete}>
            Delete run
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

export function DeleteRunDialog({ opened, run, onClose, onDelete }: DialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Delete the run “${run.name}”?`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="md">
        <Text size="sm">
          Its photos, previews, curves and checkpoint are removed from this browser. This cannot be
          undone.
          {run.conceptId === null
            ? ""
            : " The concept that came of it stays; to train it together with others, its photos then have to be added again."}
        </Text>
        <Group gap="xs">
          <Button color="red" onClick={onDelete}>
            Delete
          </Button>
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
