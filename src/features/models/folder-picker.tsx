/** @file Where a model's folder, or the one file that it is, is chosen or dropped. */
import { Button, Group, Text } from "@mantine/core";
import { FolderOpen } from "../../ui/icons.ts";
import { type DragEvent, useRef, useState } from "react";
import type { ChosenFile } from "../../rpc/hub-contract.ts";
import { filesOfDrop, filesOfInput } from "./chosen-folder.ts";
import classes from "./folder-picker.module.css";

interface FolderPickerProps {
  readonly onFolder: (files: Promise<readonly ChosenFile[]>) => void;
}

export function FolderPicker({ onFolder }: FolderPickerProps) {
  const input = useRef<HTMLInputElement>(null);
  const single = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drag = (event: DragEvent, isOver: boolean): void => {
    event.preventDefault();
    setOver(isOver);
  };
  return (
    <div
      className={classes.drop}
      data-over={over}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false);
        onFolder(filesOfDrop(event.dataTransfer));
      }}
    >
      <input
        type="file"
        hidden
        data-testid="model-folder"
        ref={(element) => {
          input.current = element;
          // React has no such property; it makes the input one for folders.
          if (element !== null) element.webkitdirectory = true;
        }}
        onChange={({ currentTarget }) => {
          const files = currentTarget.files === null ? [] : filesOfInput(currentTarget.files);
          // So that the same folder can be chosen again, which goes on with an interrupted import.
          currentTarget.value = "";
          if (files.length > 0) onFolder(Promise.resolve(files));
        }}
      />
      <input
        type="file"
        hidden
        accept=".safetensors"
        data-testid="model-file"
        ref={single}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = "";
          if (file !== undefined) onFolder(Promise.resolve([{ path: file.name, file }]));
        }}
      />
      <Group gap="sm" justify="center">
        <Button
          variant="default"
          leftSection={<FolderOpen size={16} aria-hidden="true" />}
          onClick={() => input.current?.click()}
        >
          Choose a folder
        </Button>
        <Button variant="default" onClick={() => single.current?.click()}>
          Choose a file
        </Button>
        <Text size="sm" c="dimmed">
          or drop one here
        </Text>
      </Group>
    </div>
  );
}
