/** @file "Deleted. Undo", at the foot of the window. */
import { Button, CloseButton, Group, Paper, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { useUndoDelete } from "./use-undo-delete.ts";
import classes from "./undo-toast.module.css";

export function UndoToast() {
  const [held, setHeld] = useState(false);
  const { deleted, error, undo, dismiss } = useUndoDelete(held);
  const count = deleted.length;
  // An offer that goes away under the pointer never says that the pointer has left.
  if (count === 0 && held) setHeld(false);
  return (
    <div className={classes.place} role="status">
      {count === 0 ? null : (
        <Paper
          withBorder
          shadow="md"
          p="xs"
          pl="md"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          <Stack gap="xs">
            {error === null ? null : (
              <ErrorAlert title="The gallery could not be changed" error={error} />
            )}
            <Group gap="sm" wrap="nowrap">
              <Text size="sm">{count === 1 ? "Deleted." : `${count} images deleted.`}</Text>
              <Button size="compact-sm" variant="light" onClick={undo}>
                Undo
              </Button>
              <CloseButton aria-label="Close" onClick={dismiss} />
            </Group>
          </Stack>
        </Paper>
      )}
    </div>
  );
}
