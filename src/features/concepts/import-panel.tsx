/** @file Brings files in, the studio's own and those of other tools: dropped or chosen, shown for what they are, stored only when told to. */
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { FileDown } from "../../ui/icons.ts";
import { useState } from "react";
import { useDropzone } from "react-dropzone";
import { inspectFiles, type Inspection } from "../../state/concept-files.ts";
import { useEngine } from "../../state/engine-context.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { ForeignCard } from "./foreign-card.tsx";
import { ImportCard } from "./import-card.tsx";
import classes from "./import-panel.module.css";

const NOTHING: Inspection = { found: [], refused: [] };

export function ImportPanel() {
  const engine = useEngine();
  const [{ found, refused }, setInspection] = useState(NOTHING);
  const [looking, setLooking] = useState(false);

  const inspect = async (files: readonly File[]): Promise<void> => {
    setLooking(true);
    const inspection = await inspectFiles(engine, files);
    setInspection((before) => ({
      found: [...before.found, ...inspection.found],
      refused: inspection.refused,
    }));
    setLooking(false);
  };
  const forget = (gone: string): void => {
    setInspection((before) => ({
      ...before,
      found: before.found.filter(({ key }) => key !== gone),
    }));
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
              : "Drop concept files here, or files of diffusers, the original code, the web UI, a LoRA or an embedding; weights and their words together. Nothing is stored before you have seen what is inside."}
          </Text>
          <Button variant="default" leftSection={<FileDown size={16} aria-hidden />} onClick={open}>
            Choose files
          </Button>
        </Group>
      </div>
      <div role="status">{looking ? <Text size="sm">Looking inside…</Text> : null}</div>
      {refused.map(({ key, error }) => (
        <ErrorAlert key={key} title="A file was not imported" error={error} />
      ))}
      {found.map((one) =>
        one.kind === "concept" ? (
          <ImportCard key={one.key} concept={one} onDone={() => forget(one.key)} />
        ) : (
          <ForeignCard key={one.key} foreign={one} onDone={() => forget(one.key)} />
        ),
      )}
    </Stack>
  );
}
