/** @file What came of taking a picture's settings over: a title, and what is missing or different. */
import { Alert, Stack, Text } from "@mantine/core";

export interface Outcome {
  readonly title: string;
  readonly sentences: readonly string[];
}

interface OutcomeAlertProps {
  /** Null shows nothing. */
  readonly outcome: Outcome | null;
  readonly onClose: () => void;
}

export function OutcomeAlert({ outcome, onClose }: OutcomeAlertProps) {
  if (outcome === null) return null;
  const { title, sentences } = outcome;
  return (
    <Alert
      role="status"
      variant="light"
      title={title}
      withCloseButton
      closeButtonLabel="Close"
      onClose={onClose}
    >
      {sentences.length === 0 ? null : (
        <Stack gap={4}>
          {sentences.map((sentence) => (
            <Text key={sentence} size="sm" style={{ overflowWrap: "anywhere" }}>
              {sentence}
            </Text>
          ))}
        </Stack>
      )}
    </Alert>
  );
}
