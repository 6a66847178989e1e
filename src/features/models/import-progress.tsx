/** @file How far an import or a check is, in bytes and time. */
import { Button, Progress, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { ImportProgress as Bytes } from "../../rpc/hub-contract.ts";
import { formatBytes, formatDuration } from "../../ui/format.ts";

interface ImportProgressProps {
  readonly progress: Bytes | null;
  readonly millisecondsLeft: number | null;
  readonly stopping: boolean;
  readonly onCancel: () => void;
  /** What the button says: "Stop". */
  readonly action?: string;
  /** In place of the path alone. */
  readonly children?: ReactNode;
}

const STAGES: Readonly<Record<Bytes["stage"], string>> = {
  copy: "Copying",
  download: "Downloading",
  check: "Checking",
};

export function ImportProgress({
  progress,
  millisecondsLeft,
  stopping,
  onCancel,
  action = "Stop",
  children,
}: ImportProgressProps) {
  const words =
    progress === null
      ? "Starting"
      : `${STAGES[progress.stage]} ${formatBytes(progress.loaded)} of ${formatBytes(progress.total)}`;
  const left =
    millisecondsLeft === null
      ? ""
      : `, about ${formatDuration(Math.max(1000, millisecondsLeft))} left`;
  const value =
    progress === null || progress.total === 0 ? 0 : (100 * progress.loaded) / progress.total;
  return (
    <Stack gap={6}>
      <Text size="sm">
        {words}
        {left}
      </Text>
      <Progress.Root size="sm">
        <Progress.Section value={value} aria-label={words} />
      </Progress.Root>
      {children ?? (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {progress?.path ?? " "}
        </Text>
      )}
      <div>
        <Button size="xs" variant="default" disabled={stopping} onClick={onCancel}>
          {stopping ? "Stopping" : action}
        </Button>
      </div>
    </Stack>
  );
}
