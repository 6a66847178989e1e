/** @file One preview large, and the same prompt a step earlier or later. */
import { Button, type ButtonProps, Group, Modal, Stack, Text } from "@mantine/core";
import { ChevronLeft, ChevronRight } from "../../ui/icons.ts";
import type { StoredPreview } from "../../state/runs.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import classes from "./preview-viewer.module.css";

interface PreviewViewerProps {
  readonly preview: StoredPreview | null;
  readonly previews: readonly StoredPreview[];
  readonly onShow: (preview: StoredPreview | null) => void;
}

export function PreviewViewer({ preview, previews, onShow }: PreviewViewerProps) {
  const row = previews
    .filter(({ prompt }) => prompt === preview?.prompt)
    .sort((a, b) => a.step - b.step);
  const at = row.findIndex(({ step }) => step === preview?.step);
  const earlier = row[at - 1] ?? null;
  const later = row[at + 1] ?? null;
  return (
    <Modal
      opened={preview !== null}
      onClose={() => {
        onShow(null);
      }}
      title={preview === null ? "" : `Step ${preview.step}`}
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {preview === null ? null : (
        <Stack
          gap="sm"
          onKeyDown={({ key }) => {
            if (key === "ArrowLeft" && earlier !== null) onShow(earlier);
            if (key === "ArrowRight" && later !== null) onShow(later);
          }}
        >
          <BlobImage
            blob={preview.png}
            alt={`${preview.prompt}, step ${preview.step}`}
            className={classes.image}
          />
          <Text size="sm">{preview.prompt}</Text>
          <Group justify="space-between">
            <StepButton to={earlier} onShow={onShow} leftSection={<ChevronLeft size={16} />}>
              Earlier
            </StepButton>
            <StepButton to={later} onShow={onShow} rightSection={<ChevronRight size={16} />}>
              Later
            </StepButton>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface StepButtonProps extends Pick<ButtonProps, "leftSection" | "rightSection" | "children"> {
  readonly to: StoredPreview | null;
  readonly onShow: (preview: StoredPreview) => void;
}

/** Where there is nothing to go to it is not "disabled", which would take the keyboard's focus away. */
function StepButton({ to, onShow, ...rest }: StepButtonProps) {
  return (
    <Button
      variant="default"
      {...(to === null ? { "data-disabled": true, "aria-disabled": true } : {})}
      onClick={() => {
        if (to !== null) onShow(to);
      }}
      {...rest}
    />
  );
}
