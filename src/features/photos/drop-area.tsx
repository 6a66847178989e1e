/** @file Where files and folders are dropped, chosen, or pasted. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { FolderOpen, ImagePlus } from "../../ui/icons.ts";
import { useEffect, useRef } from "react";
import { useDropzone } from "react-dropzone";
import classes from "./photos.module.css";

interface DropAreaProps {
  /** What to do here, in a sentence. */
  readonly prompt: string;
  readonly hint: string;
  readonly filesLabel: string;
  readonly folderLabel: string;
  /** Whether pictures that are pasted anywhere on the page come here. */
  readonly takesPaste: boolean;
  readonly onFiles: (files: File[]) => void;
}

/** Every kind of file: what is none is better refused by name than hidden in the dialog. */
const ACCEPT = "image/*,.heic,.heif";
/** Known to every browser, and to no type of React's. */
const FOLDERS = { webkitdirectory: "" };

export function DropArea({
  prompt,
  hint,
  filesLabel,
  folderLabel,
  takesPaste,
  onFiles,
}: DropAreaProps) {
  const folderInput = useRef<HTMLInputElement>(null);
  const { getRootProps, getInputProps, open, isDragActive } = useDropzone({
    noClick: true,
    noKeyboard: true,
    noPaste: true,
    onDrop: (files) => onFiles(files),
  });
  usePastedFiles(takesPaste ? onFiles : null);
  return (
    <div {...getRootProps({ className: classes.drop, "data-active": isDragActive || undefined })}>
      <input
        {...getInputProps({ style: { display: "none" }, accept: ACCEPT, "aria-label": filesLabel })}
      />
      <input
        ref={folderInput}
        type="file"
        hidden
        multiple
        {...FOLDERS}
        aria-label={folderLabel}
        onChange={({ currentTarget }) => {
          onFiles(Array.from(currentTarget.files ?? []));
          // The same folder may be chosen again.
          currentTarget.value = "";
        }}
      />
      <Stack gap="xs" align="center">
        <Text fw={500} ta="center">
          {isDragActive ? "Let go to add them" : prompt}
        </Text>
        <Group gap="xs" justify="center">
          <Button leftSection={<ImagePlus size={16} aria-hidden />} variant="light" onClick={open}>
            {filesLabel}
          </Button>
          <Button
            leftSection={<FolderOpen size={16} aria-hidden />}
            variant="default"
            onClick={() => folderInput.current?.click()}
          >
            {folderLabel}
          </Button>
        </Group>
        <Text size="sm" c="dimmed" ta="center">
          {hint}
        </Text>
      </Stack>
    </div>
  );
}

/** Files in what is pasted anywhere on the page; text that is pasted goes where it was meant to. */
function usePastedFiles(onFiles: ((files: File[]) => void) | null): void {
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  });
  const count = useRef(0);
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const files = Array.from(event.clipboardData?.files ?? []);
      if (files.length === 0 || latest.current === null) return;
      event.preventDefault();
      // Browsers call every pasted picture image.png.
      const named = files.map(
        (file) =>
          new File([file], file.name === "image.png" ? `pasted ${++count.current}.png` : file.name),
      );
      latest.current(named);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);
}
