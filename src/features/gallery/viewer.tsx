/** @file One image at full size with how it was made, and what can be done with it; arrow keys go on to the next. */
import { ActionIcon, Button, CopyButton, Group, Modal, Stack } from "@mantine/core";
import { ChevronLeft, ChevronRight, Copy, Download, RotateCcw, Trash2 } from "../../ui/icons.ts";
import { useEffect, useEffectEvent, type ReactNode } from "react";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import type { ImageRecord } from "../../state/gallery.ts";
import { FactList } from "../../ui/fact-list.tsx";
import { imageFacts } from "./image-facts.ts";
import { PictureAttention } from "./picture-attention.tsx";
import classes from "./viewer.module.css";

interface ViewerProps {
  readonly image: ImageRecord | null;
  /** Position in what the gallery shows, from 0, and how many those are. */
  readonly position: number;
  readonly count: number;
  /** By -1 or 1. */
  readonly onMove: (by: number) => void;
  readonly onClose: () => void;
  readonly onReuse: (settings: ImageSettings) => void;
  readonly onDownload: (image: ImageRecord) => void;
  readonly onDelete: (image: ImageRecord) => void;
  /** Shown within the dialog, since nothing behind it can be reached. */
  readonly children: ReactNode;
}

export function Viewer(props: ViewerProps) {
  const { image, position, count, onMove, onClose, children } = props;
  const opened = image !== null;
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    // Arrow keys are a slider's own while it has the focus.
    if (event.target instanceof Element && event.target.role === "slider") return;
    if (event.key === "ArrowLeft") onMove(-1);
    if (event.key === "ArrowRight") onMove(1);
  });
  useEffect(() => {
    if (!opened) return;
    const listening = new AbortController();
    addEventListener("keydown", onKey, { signal: listening.signal });
    return () => listening.abort();
  }, [opened]);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="72rem"
      title={`Image ${position + 1} of ${count}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {image === null ? null : (
        <div className={classes.layout}>
          <PictureAttention key={image.id} image={image} />
          <Details {...props} image={image} />
        </div>
      )}
      {children}
    </Modal>
  );
}

function Details({
  image,
  position,
  count,
  onMove,
  onReuse,
  onDownload,
  onDelete,
}: ViewerProps & { readonly image: ImageRecord }) {
  const icon = { size: 16, "aria-hidden": true } as const;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <ActionIcon
          variant="default"
          size="lg"
          aria-label="Next newer image"
          disabled={position === 0}
          onClick={() => onMove(-1)}
        >
          <ChevronLeft {...icon} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label="Next older image"
          disabled={position >= count - 1}
          onClick={() => onMove(1)}
        >
          <ChevronRight {...icon} />
        </ActionIcon>
        <Button
          variant="filled"
          size="sm"
          leftSection={<RotateCcw {...icon} />}
          onClick={() => onReuse(image.settings)}
        >
          Reuse settings
        </Button>
      </Group>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          leftSection={<Download {...icon} />}
          onClick={() => onDownload(image)}
        >
          Download PNG
        </Button>
        <CopyButton value={String(image.settings.seed)}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" leftSection={<Copy {...icon} />} onClick={copy}>
              {copied ? "Seed copied" : "Copy seed"}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          size="xs"
          leftSection={<Trash2 {...icon} />}
          onClick={() => onDelete(image)}
        >
          Delete
        </Button>
      </Group>
      <div className={classes.facts}>
        <FactList facts={imageFacts(image)} loading={false} />
      </div>
    </Stack>
  );
}
