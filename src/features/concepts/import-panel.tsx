/** @file Brings concept files in: dropped or chosen, shown for what they are, stored only when told to. */
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { FileDown } from "../../ui/icons.ts";
import { useState } from "react";
import { useDropzone } from "react-dropzone";
import { type InspectedConcept, inspectConceptFile } from "../../state/concept-files.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { ImportCard } from "./import-card.tsx";
import classes from "./import-panel.module.css";

interface Refused {
  readonly key: string;
  readonly error: unknown;
}

export function ImportPanel() {
  const [inspected, setInspected] = useState<readonly (InspectedConcept & { key: string })[]>([]);
  const [refused, setRefused] = useState<readonly Refused[]>([]);

  const inspect = async (files: readonly File[]): Promise<void> => {
    setRefused([]);
    for (const file of files) {
      const key = crypto.randomUUID();
      try {
        const found = { ...(await inspectConceptFile(file)), key };
        setInspected((before) => [...before, found]);
      } catch (error) {
        setRefused((before) => [...before, { key, error }]);
      }
    }
  };

  const { getRootProps, getInputProps, open, isDragActive } = useDropzone({
    noClick: true,
    noKeyboard: true,
    onDrop: (files) => void inspect(files),
  });
  return (
    <Stack component="section" aria-labelledby="import-title">
      <Title order={3} size="h4" id="import-title">
        Import
      </Title>
      <div {...getRootProps({ className: classes.drop, "data-active": isDragActive || undefined })}>
        <input {...getInputProps({ "aria-label": "Concept files" })} />
        <Group justify="center" gap="sm">
          <Text size="sm" ta="center">
            {isDragActive
              ? "Let go to look inside"
              : "Drop .concept.safetensors files here; nothing is stored before you have seen what is inside."}
          </Text>
          <Button variant="default" leftSection={<FileDown size={16} aria-hidden />} onClick={open}>
            Choose files
          </Button>
        </Group>
      </div>
      {refused.map(({ key, error }) => (
        <ErrorAlert key={key} title="A file was not imported" error={error} />
      ))}
      {inspected.map((concept) => (
        <ImportCard
          key={concept.key}
          concept={concept}
          onDone={() => {
            setInspected((before) => before.filter(({ key }) => key !== concept.key));
          }}
        />
      ))}
    </Stack>
  );
}
