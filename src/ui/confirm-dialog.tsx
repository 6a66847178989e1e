/** @file A question before something is lost: what happens, and two ways out. */
import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";

interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly children: ReactNode;
}

export function ConfirmDialog({
  opened,
  title,
  action,
  onConfirm,
  onCancel,
  children,
}: ConfirmDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onCancel}
      title={title}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text size="sm">{children}</Text>
      <Group mt="md" justify="flex-end">
        <Button variant="default" onClick={onCancel} data-autofocus>
          Cancel
        </Button>
        <Button color="red" onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
