/** @file What is being read, and which files were left out and why. */
import { Alert, Button, Group, List, Progress, Stack, Text } from "@mantine/core";
import { TriangleAlert } from "../../ui/icons.ts";
import type { Intake } from "./use-intake.ts";
import classes from "./photos.module.css";

export function IntakeStatus({ intake }: { readonly intake: Intake }) {
  const { progress, leftOut } = intake;
  return (
    <>
      <div role="status" className={classes.status}>
        {progress === null ? null : (
          <Group gap="sm" wrap="nowrap">
            <Stack gap={4} className={classes.grow}>
              <Text size="sm" truncate>
                Reading {progress.done + 1} of {progress.total}: {progress.name}
              </Text>
              <Progress
                value={(100 * progress.done) / progress.total}
                size="sm"
                aria-label="Files read"
              />
            </Stack>
            <Button size="xs" variant="default" onClick={intake.stop}>
              Stop
            </Button>
          </Group>
        )}
      </div>
      {leftOut.length === 0 ? null : (
        <Alert
          role="alert"
          mb="md"
          variant="default"
          icon={<TriangleAlert aria-hidden />}
          title={
            leftOut.length === 1 ? "A file was left out" : `${leftOut.length} files were left out`
          }
          withCloseButton
          closeButtonLabel="Dismiss"
          onClose={intake.dismiss}
        >
          <List size="sm" className={classes.leftOut}>
            {leftOut.map((sentence, i) => (
              <List.Item key={i}>{sentence}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}
