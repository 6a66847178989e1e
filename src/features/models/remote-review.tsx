/** @file What was found in a repository, before any of its weights are downloaded. */
import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { modelPage, serverName } from "../../core/model-address.ts";
import type { Looked } from "../../state/model-import.ts";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { formatBytes, formatCount } from "../../ui/format.ts";
import { LicenceNote } from "./licence-note.tsx";
import classes from "./remote-files.module.css";

interface RemoteReviewProps {
  readonly looked: Extract<Looked, { readonly from: "server" }>;
  readonly onDownload: () => void;
  readonly onCancel: () => void;
}

function factsOf({ review, request }: RemoteReviewProps["looked"]): Fact[] {
  const { bytes, files, stored, ignored, free, commit, facts } = review;
  const { revision } = request.address;
  const short = commit.slice(0, 7);
  return [
    { name: "To download", value: `${formatBytes(bytes)} in ${formatCount(files.length)} files` },
    ...(stored > 0 ? [{ name: "Here already", value: formatBytes(stored) }] : []),
    { name: "Of it the UNet’s weights", value: formatBytes(facts.unetWeightBytes) },
    ...(ignored > 0 ? [{ name: "Files not needed", value: formatCount(ignored) }] : []),
    { name: "Version", value: revision === commit ? short : `${short} (${revision})` },
    { name: "Room in this browser", value: free === null ? "not known" : formatBytes(free) },
  ];
}

export function RemoteReview({ looked, onDownload, onCancel }: RemoteReviewProps) {
  const { review, request, obstacle } = looked;
  const { address } = request;
  return (
    <Stack gap="sm">
      <div>
        <Text fw={600} style={{ overflowWrap: "anywhere" }}>
          {review.name}
        </Text>
        <Text size="sm">
          <Anchor
            href={modelPage(address)}
            target="_blank"
            rel="noreferrer"
            underline="always"
            inherit
          >
            Its page on {serverName(address.server)}
          </Anchor>
        </Text>
      </div>
      <LicenceNote licence={review.licence} />
      {obstacle === null ? null : (
        <Alert
          color={obstacle.kind === "refused" ? "red" : "yellow"}
          variant="light"
          role="alert"
          title={obstacle.kind === "refused" ? "It cannot be used here" : "It can be used in part"}
        >
          <Text size="sm">{obstacle.sentence}</Text>
        </Alert>
      )}
      <FactList facts={factsOf(looked)} loading={false} />
      <details>
        <summary className={classes.summary}>Which files</summary>
        <ul className={classes.files} tabIndex={0} aria-label="Files">
          {review.files.map(({ path, bytes }) => (
            <li key={path} className={classes.file}>
              <span>{path}</span>
              <span>{formatBytes(bytes)}</span>
            </li>
          ))}
        </ul>
      </details>
      <Group gap="xs">
        {obstacle?.kind === "refused" ? null : (
          <Button onClick={onDownload}>
            {review.stored > 0 ? "Go on downloading" : "Download"}
          </Button>
        )}
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}
