/** @file A model comes in, from Hugging Face or from this computer: what is needed, what was found, how far it is, how it ended. */
import { Button, Divider, Group, Paper, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { useImport } from "../../state/hub-context.ts";
import type { ImportState, ImportStatus } from "../../state/model-import.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { DownloadProgress } from "./download-progress.tsx";
import { FolderPicker } from "./folder-picker.tsx";
import { FolderReview } from "./folder-review.tsx";
import { HubForm } from "./hub-form.tsx";
import { ImportProgress } from "./import-progress.tsx";
import { RemoteReview } from "./remote-review.tsx";
import { useOpenModel } from "./use-open-model.ts";

/** For screen readers, which would otherwise hear every step of the progress; a failure is an alert. */
function announcementOf(status: ImportStatus): string {
  switch (status.kind) {
    case "idle":
    case "failed":
      return "";
    case "looking":
      return status.from === "folder" ? "Looking at the folder." : "Looking at the repository.";
    case "reviewed":
      return status.looked.from === "folder"
        ? "The folder holds a model."
        : "The repository holds a model.";
    case "importing":
      return status.looked.from === "folder" ? "Importing the model." : "Downloading the model.";
    case "done":
      return status.from === "folder" ? "The model is imported." : "The model is downloaded.";
    case "stopped":
      return status.request === null ? "The import was stopped." : "The download is paused.";
  }
}

export function AddModelCard() {
  const state = useImport((all) => all);
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="add-model-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="add-model-title">
          Add a model
        </Title>
        <VisuallyHidden role="status">{announcementOf(state.status)}</VisuallyHidden>
        <Content {...state} />
      </Stack>
    </Paper>
  );
}

function Content({ status, start, resume, cancel, dismiss }: ImportState) {
  switch (status.kind) {
    case "idle":
      return <TwoWays />;
    case "looking":
      return (
        <>
          <Text size="sm">
            {status.from === "folder"
              ? "Looking at the folder."
              : "Looking at the repository: its files, and the small ones among them."}
          </Text>
          {status.from === "folder" ? null : (
            <div>
              <Button size="xs" variant="default" onClick={dismiss}>
                Cancel
              </Button>
            </div>
          )}
        </>
      );
    case "reviewed":
      return status.looked.from === "folder" ? (
        <FolderReview
          review={status.looked.review}
          onImport={() => void start()}
          onCancel={dismiss}
        />
      ) : (
        <RemoteReview looked={status.looked} onDownload={() => void start()} onCancel={dismiss} />
      );
    case "importing":
      return <UnderWay {...status} onStop={cancel} />;
    case "done":
      return <Done {...status} onDismiss={dismiss} />;
    case "stopped":
      return status.request === null ? (
        <>
          <Text size="sm">
            Stopped. What was copied of “{status.name}” is kept: choose its folder again to go on,
            or remove it in the list above.
          </Text>
          <TwoWays />
        </>
      ) : (
        <>
          <Text size="sm">
            Paused. What was downloaded of “{status.name}” is kept; it can go on now, later, or
            after the page was closed, and is removed in the list above.
          </Text>
          <ResumeButtons request={status.request} resume={resume} dismiss={dismiss} />
        </>
      );
    case "failed":
      return (
        <>
          <ErrorAlert title={failureOf(status)} error={status.error} />
          {status.request === null ? null : (
            <ResumeButtons request={status.request} resume={resume} dismiss={dismiss} />
          )}
          <TwoWays />
        </>
      );
  }
}

function failureOf({ from, request }: Extract<ImportStatus, { readonly kind: "failed" }>): string {
  if (from === "folder") return "The folder was not imported";
  return request === null ? "The model cannot be downloaded" : "The download was interrupted";
}

type ResumeButtonsProps = Pick<ImportState, "resume" | "dismiss"> & {
  readonly request: NonNullable<Extract<ImportStatus, { readonly kind: "stopped" }>["request"]>;
};

function ResumeButtons({ request, resume, dismiss }: ResumeButtonsProps) {
  return (
    <Group gap="xs">
      <Button onClick={() => void resume(request)}>Resume</Button>
      <Button variant="default" onClick={dismiss}>
        Leave it for later
      </Button>
    </Group>
  );
}

function TwoWays() {
  const look = useImport((state) => state.look);
  return (
    <>
      <Text size="sm">
        Bring a Stable Diffusion 1.x or 2.x model. It is kept in this browser’s own storage, and
        used on this computer alone. Nothing is asked of a server before you look at a model there.
      </Text>
      <HubForm />
      <Divider label="or from this computer" labelPosition="center" />
      <Text size="sm">
        A folder of diffusers (safetensors) or of ONNX files, or one checkpoint file (.safetensors).
        It is copied, file by file; nothing is sent anywhere.
      </Text>
      <FolderPicker onFolder={(files) => void look(files)} />
    </>
  );
}

type UnderWayProps = Extract<ImportStatus, { readonly kind: "importing" }> & {
  readonly onStop: () => void;
};

function UnderWay({ looked, progress, millisecondsLeft, stopping, onStop }: UnderWayProps) {
  const shared = { progress, millisecondsLeft, stopping };
  return (
    <Stack gap="xs">
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>
        {looked.review.name}
      </Text>
      {looked.from === "folder" ? (
        <ImportProgress {...shared} onCancel={onStop} />
      ) : (
        <DownloadProgress {...shared} review={looked.review} onPause={onStop} />
      )}
      <Text size="sm" c="dimmed">
        You can use the other pages meanwhile. Should it be interrupted,{" "}
        {looked.from === "folder"
          ? "choose the same folder again: what was copied is kept."
          : "resume it in the list above: what was downloaded is kept."}
      </Text>
    </Stack>
  );
}

type DoneProps = Extract<ImportStatus, { readonly kind: "done" }> & {
  readonly onDismiss: () => void;
};

function Done({ id, name, from, onDismiss }: DoneProps) {
  const { openModel, obstacle } = useOpenModel();
  return (
    <Stack gap="sm">
      <Text size="sm">
        {from === "folder"
          ? `“${name}” is imported: every file was copied and read back.`
          : `“${name}” is downloaded: every file was compared with its hash and read back.`}
      </Text>
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
          Add another
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
