/** @file What is inside of a concept file, before anything of it is stored. */
import { Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type InspectedConcept, useImportConcept } from "../../state/concept-files.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FactList } from "../../ui/fact-list.tsx";
import { importFacts, importRemarks } from "./import-facts.ts";
import classes from "./import-panel.module.css";
import { Thumbnails } from "./thumbnails.tsx";

interface ImportCardProps {
  readonly concept: InspectedConcept;
  /** It was stored, or is not wanted. */
  readonly onDone: () => void;
}

export function ImportCard({ concept, onDone }: ImportCardProps) {
  const { summary, thumbnails, file } = concept;
  const [name, setName] = useState(concept.name);
  const model = useOpenModel();
  const { data: stored } = useConcepts();
  const add = useImportConcept();
  const trimmed = name.trim();
  return (
    <Paper withBorder component="article" className={classes.card} aria-label={file.name}>
      {thumbnails.length === 0 ? null : <Thumbnails pictures={thumbnails} />}
      <Stack gap="sm" p="md">
        <Text fw={600} className={classes.words}>
          {file.name}
        </Text>
        <FactList facts={importFacts(summary)} loading={false} />
        {importRemarks(summary, stored?.concepts ?? [], model).map((remark) => (
          <Text key={remark} size="sm">
            {remark}
          </Text>
        ))}
        <TextInput
          label="Name"
          maxLength={100}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        {add.error === null ? null : (
          <ErrorAlert title="It could not be imported" error={add.error} />
        )}
        <Group gap="xs">
          <Button
            disabled={trimmed === ""}
            loading={add.isPending}
            onClick={() => {
              add.mutate({ ...concept, name: trimmed }, { onSuccess: onDone });
            }}
          >
            Import
          </Button>
          <Button variant="default" onClick={onDone}>
            Leave it
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
