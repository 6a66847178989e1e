/** @file A new version is ready: offered once, quietly, and never while something is under way. */
import { Alert, Button, Group, Text } from "@mantine/core";
import { useActivity } from "../../state/activity.ts";
import { updateBlockedBy } from "../../state/app-update.ts";
import { useAppUpdate } from "../../state/shell-context.ts";

export function UpdateNotice() {
  const { kind, reload } = useAppUpdate();
  const { training, painting } = useActivity();
  if (kind === "none") return null;
  const reason = updateBlockedBy({ training: training !== null, painting: painting !== null });
  return (
    <Alert color="blue" variant="light" mb="md" role="status">
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm">
            {kind === "waiting"
              ? "A new version is ready."
              : "Another tab has changed to a new version; this one is still the old."}
          </Text>
          <Text size="sm" id="update-blocked">
            {reason}
          </Text>
        </div>
        <Button
          size="xs"
          variant="default"
          disabled={reason !== null}
          aria-describedby="update-blocked"
          onClick={reload}
        >
          Reload now
        </Button>
      </Group>
    </Alert>
  );
}
