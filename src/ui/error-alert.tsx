/** @file An error as people need it: what failed, why, and what to do next. */
import { Alert, Button, Text } from "@mantine/core";
import { errorSentence } from "./error-sentence.ts";

interface ErrorAlertProps {
  readonly title: string;
  readonly error: unknown;
  readonly onRetry?: () => void;
}

export function ErrorAlert({ title, error, onRetry }: ErrorAlertProps) {
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {errorSentence(error)}
      </Text>
      {onRetry === undefined ? null : (
        <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
