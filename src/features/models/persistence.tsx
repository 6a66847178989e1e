/** @file Whether the browser may clear what is stored by itself, and the button that asks it not to. */
import { Button, Group, Text } from "@mantine/core";
import { useKeepData, usePersisted } from "../../state/storage-use.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";

export function Persistence() {
  const persisted = usePersisted();
  const keep = useKeepData();
  if (persisted.data == null) return null;
  if (persisted.data) {
    return (
      <Text size="sm" role="status">
        Kept: the browser removes nothing of this by itself, even when disk space runs low. Clearing
        this site’s data by hand still removes it.
      </Text>
    );
  }
  return (
    <div>
      <Text size="sm" mb="xs">
        Not kept for certain: when disk space runs low, or where the site is not used for a long
        time, the browser may remove all of this at once. Export concepts that you could not bear to
        lose.
      </Text>
      <Group gap="sm">
        <Button
          size="xs"
          variant="default"
          loading={keep.isPending}
          onClick={() => {
            keep.mutate();
          }}
        >
          Keep this data
        </Button>
        {keep.data === false ? (
          <Text size="sm" role="status">
            The browser did not agree yet; it does so for sites that are used often, installed, or
            bookmarked.
          </Text>
        ) : null}
      </Group>
      {keep.error === null ? null : (
        <ErrorAlert title="The browser could not be asked" error={keep.error} />
      )}
    </div>
  );
}
