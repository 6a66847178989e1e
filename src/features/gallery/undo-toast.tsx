/** @file "Deleted. Undo", at the foot of the window. */
import { Button, CloseButton, Group, Paper, Text } from "@mantine/core";
import type { UndoDelete } from "./use-undo-delete.ts";
import classes from "./undo-toast.module.css";

export function UndoToast({ deleted, undo, dismiss, hold }: UndoDelete) {
  const count = deleted.length;
  return (
    <div className={classes.place} role="status">
      {count === 0 ? null : (
        <Paper
          withBorder
          shadow="md"
          p="xs"
          pl="md"
          onPointerEnter={() => hold(true)}
          onPointerLeave={() => hold(false)}
          onFocus={() => hold(true)}
          onBlur={() => hold(false)}
        >
          <Group gap="sm" wrap="nowrap">
            <Text size="sm">{count === 1 ? "Deleted." : `${count} images deleted.`}</Text>
            <Button size="compact-sm" variant="light" onClick={undo}>
              Undo
            </Button>
            <CloseButton aria-label="Close" onClick={dismiss} />
          </Group>
        </Paper>
      )}
    </div>
  );
}
