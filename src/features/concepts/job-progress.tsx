/** @file How far a job is, and the way out of it. */
import { Button, Group, Progress, Text } from "@mantine/core";

interface JobProgressProps {
  /** What is being done. */
  readonly what: string;
  /** From 0 to 1. */
  readonly done: number;
  readonly onCancel?: () => void;
}

export function JobProgress({ what, done, onCancel }: JobProgressProps) {
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text size="sm">{what}</Text>
        {onCancel === undefined ? null : (
          <Button size="compact-sm" variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </Group>
      <Progress.Root size="sm">
        <Progress.Section value={100 * done} aria-label={what} />
      </Progress.Root>
    </div>
  );
}
