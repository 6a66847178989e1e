/** @file Import of a model from a folder: what is needed, what was found, how far copying is, how it ended. */
import { Button, Code, Group, Paper, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { useImport } from "../../state/hub-context.ts";
import type { ImportState, ImportStatus } from "../../state/model-import.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FolderPicker } from "./folder-picker.tsx";
import { FolderReview } from "./folder-review.tsx";
import { ImportProgress } from "./import-progress.tsx";
import { useOpenModel } from "./use-open-model.ts";

/** For screen readers, which would otherwise hear every step of the progress; a failure is an alert. */
const ANNOUNCEMENTS: Readonly<Record<ImportStatus["kind"], string>> = {
  idle: "",
  looking: "Looking at the folder.",
  reviewed: "The folder holds a model.",
  importing: "Importing the model.",
  done: "The model is imported.",
  stopped: "The import was stopped.",
  failed: "",
};

export function ImportCard() {
  const state = useImport((all) => all);
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="import-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="import-title">
          Import a model
        </Title>
        <VisuallyHidden role="status">{ANNOUNCEMENTS[state.status.kind]}</VisuallyHidden>
        <Content {...state} />
      </Stack>
    </Paper>
  );
}

function Content({ status, look, start, cancel, dismiss }: ImportState) {
  const picker = <FolderPicker onFolder={(files) => void look(files)} />;
  switch (status.kind) {
    case "idle":
      return (
        <>
          <Needs />
          {picker}
        </>
      );
    case "looking":
      return <Text size="sm">Looking at the folder.</Text>;
    case "reviewed":
      return (
        <FolderReview review={status.review} onImport={() => void start()} onCancel={dismiss} />
      );
    case "importing":
      return (
        <Stack gap="xs">
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {status.review.name}
          </Text>
          <ImportProgress {...status} onCancel={cancel} />
          <Text size="sm" c="dimmed">
            You can use the other pages meanwhile. Should it be interrupted, choose the same folder
            again: what was copied is kept.
          </Text>
        </Stack>
      );
    case "done":
      return <Done {...status} onDismiss={dismiss} />;
    case "stopped":
      return (
        <>
          <Text size="sm">
            Stopped. What was copied of “{status.name}” is kept: choose its folder again to go on,
            or remove it in the list above.
          </Text>
          {picker}
        </>
      );
    case "failed":
      return (
        <>
          <ErrorAlert title="The folder was not imported" error={status.error} />
          {picker}
        </>
      );
  }
}

function Needs() {
  return (
    <Text size="sm">
      Bring a Stable Diffusion 1.x or 2.x model as a folder of ONNX files, as{" "}
      <Code>optimum-cli export onnx --model MODEL FOLDER</Code> writes it. It is copied into this
      browser’s own storage, file by file, and stays there; nothing is sent anywhere.
    </Text>
  );
}

function Done({
  id,
  name,
  onDismiss,
}: {
  readonly id: string;
  readonly name: string;
  readonly onDismiss: () => void;
}) {
  const { openModel, obstacle } = useOpenModel();
  return (
    <Stack gap="sm">
      <Text size="sm">“{name}” is imported: every file was copied and read back.</Text>
      <Group gap="xs">
        <Button
          disabled={obstacle !== null}
          onClick={() => {
            openModel(id);
            onDismiss();
          }}
        >
          Open it
        </Button>
        <Button variant="default" onClick={onDismiss}>
          Import another
        </Button>
      </Group>
      {obstacle === null ? null : (
        <Text size="sm" c="dimmed">
          {obstacle}
        </Text>
      )}
    </Stack>
  );
}
