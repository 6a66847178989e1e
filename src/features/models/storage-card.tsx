/** @file What this site keeps in the browser: by kind, in all, how much more there is room for, and for how long. */
import { Button, Group, Paper, Progress, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { type StorageUse, useClearRegularisation, useStorageUse } from "../../state/storage-use.ts";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";
import { Persistence } from "./persistence.tsx";
import classes from "./storage-card.module.css";
import { sharesOf, type StorageShare } from "./storage-kinds.ts";

export function StorageCard() {
  const use = useStorageUse();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="storage-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="storage-title">
          Storage
        </Title>
        {use.error === null ? null : (
          <ErrorAlert
            title="Storage could not be measured"
            error={use.error}
            onRetry={() => void use.refetch()}
          />
        )}
        {use.data === undefined ? (
          use.isPending ? (
            <Skeleton h="12rem" />
          ) : null
        ) : (
          <Usage use={use.data} />
        )}
        <Persistence />
      </Stack>
    </Paper>
  );
}

function Usage({ use }: { readonly use: StorageUse }) {
  const shares = sharesOf(use);
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <Stack gap="sm">
      <Text size="sm" data-testid="storage-total">
        <b>{formatBytes(use.used ?? total)}</b> in use
        {use.quota === null
          ? "; this browser does not say how much it allows."
          : ` of ${formatBytes(use.quota)} that this browser allows for this site.`}
      </Text>
      {/* The list below says the same in numbers. */}
      <Progress.Root size="lg" aria-hidden="true">
        {shares.map(({ kind, colour, bytes }) => (
          <Progress.Section
            key={kind}
            value={total === 0 ? 0 : (100 * bytes) / total}
            color={colour}
            withAria={false}
          />
        ))}
      </Progress.Root>
      <ul className={classes.list}>
        {shares.map((share) => (
          <Share key={share.kind} {...share} />
        ))}
      </ul>
    </Stack>
  );
}

function Share({ kind, name, colour, bytes }: StorageShare) {
  return (
    <li className={classes.share}>
      <Group gap="xs" wrap="nowrap">
        <span
          className={classes.dot}
          style={{ background: `var(--mantine-color-${colour.replace(".", "-")})` }}
        />
        <Text size="sm">{name}</Text>
      </Group>
      <Group gap="xs" wrap="nowrap">
        {kind === "regularisation" && bytes > 0 ? <ClearRegularisation bytes={bytes} /> : null}
        <Text size="sm" className={classes.bytes}>
          {formatBytes(bytes)}
        </Text>
      </Group>
    </li>
  );
}

function ClearRegularisation({ bytes }: { readonly bytes: number }) {
  const clear = useClearRegularisation();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        loading={clear.isPending}
        aria-label="Delete generated regularisation images"
        onClick={() => setAsking(true)}
      >
        Delete
      </Button>
      <ConfirmDialog
        opened={asking}
        title="Delete generated regularisation images?"
        action="Delete"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          clear.mutate();
        }}
      >
        This frees {formatBytes(bytes)}. The next run that needs such images paints them again,
        which takes a while; concepts and runs stay as they are.
      </ConfirmDialog>
    </>
  );
}
