/** @file How much of the prompt the text encoder reads, and which words of it nobody here knows. */
import { Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEngine } from "../../state/engine-context.ts";

interface PromptHintProps {
  readonly prompt: string;
  /** Tokens of the concept that is used. */
  readonly tokens: readonly string[];
  readonly unknown: readonly string[];
  /** Names the open model; null while none is open. */
  readonly fingerprint: string | null;
}

/** 77, less the marks at the start and the end. */
const LIMIT = 75;

export function PromptHint({ prompt, tokens, unknown, fingerprint }: PromptHintProps) {
  const engine = useEngine();
  const [settled] = useDebouncedValue(prompt, 300);
  const { data } = useQuery({
    queryKey: ["token-count", fingerprint, settled, tokens],
    queryFn: () => engine.countTokens(settled, tokens),
    enabled: fingerprint !== null,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  return (
    <>
      <Text size="xs" c="dimmed" mih="1.2rem" mt={4}>
        {data === undefined ? null : `${data.kept} of ${LIMIT} tokens`}
      </Text>
      {data?.cut === null || data?.cut === undefined ? null : (
        <Text size="sm" fw={500}>
          The text encoder reads {LIMIT} tokens of a prompt, so the end is cut off: “{data.cut}”.
        </Text>
      )}
      {unknown.length === 0 ? null : (
        <Text size="sm" fw={500}>
          No concept here is called {unknown.join(" or ")}, so the model reads it as ordinary
          letters.
        </Text>
      )}
    </>
  );
}
