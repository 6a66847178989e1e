/** @file What was found in a folder, before any of it is copied. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { FolderReview as Review } from "../../rpc/hub-contract.ts";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { formatBytes, formatCount } from "../../ui/format.ts";
import { LicenceNote } from "./licence-note.tsx";

interface FolderReviewProps {
  readonly review: Review;
  readonly onImport: () => void;
  readonly onCancel: () => void;
}

function factsOf({ bytes, files, ignored, paintsOnly, stored, free }: Review): Fact[] {
  return [
    { name: "To copy", value: `${formatBytes(bytes)} in ${formatCount(files)} files` },
    ...(stored > 0 ? [{ name: "Copied before", value: formatBytes(stored) }] : []),
    ...(ignored > 0 ? [{ name: "Files not needed", value: formatCount(ignored) }] : []),
    ...(paintsOnly
      ? [{ name: "Good for", value: "Painting; it has no part that learns from photos" }]
      : []),
    { name: "Room in this browser", value: free === null ? "not known" : formatBytes(free) },
  ];
}

export function FolderReview({ review, onImport, onCancel }: FolderReviewProps) {
  return (
    <Stack gap="sm">
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>
        {review.name}
      </Text>
      <LicenceNote licence={review.licence} />
      <FactList facts={factsOf(review)} loading={false} />
      <Group gap="xs">
        <Button onClick={onImport}>{review.stored > 0 ? "Go on importing" : "Import"}</Button>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
