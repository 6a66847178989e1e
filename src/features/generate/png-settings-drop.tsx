/** @file A PNG dropped anywhere on the page, or chosen with a button, hands its settings over. */
import { Button, FileButton, Overlay, Text } from "@mantine/core";
import { FileUp } from "../../ui/icons.ts";
import { useEffect, useEffectEvent, useState } from "react";

interface PngSettingsDropProps {
  readonly onFile: (file: File) => void;
}

const hasFiles = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes("Files") ?? false;

export function PngSettingsDrop({ onFile }: PngSettingsDropProps) {
  const [over, setOver] = useState(false);
  const drop = useEffectEvent((event: DragEvent): void => {
    setOver(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    // What is no picture is handed over as well, to be refused with its name.
    const file = files.find(({ type }) => type === "image/png") ?? files[0];
    if (file !== undefined) onFile(file);
  });
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    const onDragOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Otherwise the browser would leave the page to show the file.
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      // Within the page one element is left for another; only the window's edge has none.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      drop(event);
    };
    addEventListener("dragover", onDragOver, { signal });
    addEventListener("dragleave", onDragLeave, { signal });
    addEventListener("drop", onDrop, { signal });
    return () => listening.abort();
  }, []);
  return (
    <>
      <FileButton
        accept="image/png"
        onChange={(file) => {
          if (file !== null) onFile(file);
        }}
      >
        {(props) => (
          <Button
            {...props}
            variant="default"
            size="xs"
            leftSection={<FileUp size={16} aria-hidden="true" />}
          >
            Settings from a PNG
          </Button>
        )}
      </FileButton>
      {over ? (
        <Overlay fixed center backgroundOpacity={0.7} style={{ pointerEvents: "none" }}>
          <Text size="lg" c="white" ta="center" p="md">
            Drop a PNG from the studio to take over its settings
          </Text>
        </Overlay>
      ) : null}
    </>
  );
}
