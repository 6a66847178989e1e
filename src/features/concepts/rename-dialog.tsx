/** @file Gives a concept another name. */
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { type ConceptRecord, useRenameConcept } from "../../state/concepts.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";

interface RenameDialogProps {
  readonly concept: ConceptRecord;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function RenameDialog({ concept, opened, onClose }: RenameDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Rename “${concept.name}”`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <RenameForm concept={concept} onClose={onClose} />
    </Modal>
  );
}

/** Mounted anew each time the dialog opens, so that it begins with the name as it is. */
function RenameForm({ concept, onClose }: Omit<RenameDialogProps, "opened">) {
  const [name, setName] = useState(concept.name);
  const rename = useRenameConcept();
  const trimmed = name.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (trimmed !== "") {
          rename.mutate({ id: concept.id, name: trimmed }, { onSuccess: onClose });
        }
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          data-autofocus
          maxLength={100}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        {rename.error === null ? null : (
          <ErrorAlert title="It could not be renamed" error={rename.error} />
        )}
        <Group gap="xs">
          <Button type="submit" disabled={trimmed === ""} loading={rename.isPending}>
            Rename
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
