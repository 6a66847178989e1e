/** @file How far opening the model is, in words and as a bar. */
import { Progress, Stack, Text } from "@mantine/core";
import type { OpenProgress } from "../../rpc/contracts.ts";
import { formatBytes } from "../../ui/format.ts";

const STAGES: Readonly<Record<OpenProgress["stage"], string>> = {
  download: "Loading",
  read: "Reading",
  surgery: "Preparing the graph of",
  session: "Starting",
  compile: "Compiling programs for the GPU",
};

function describe({ stage, part, loaded, total }: OpenProgress): string {
  if (stage === "compile") return `${STAGES.compile}: ${loaded}`;
  const words = `${STAGES[stage]} ${part.replaceAll("_", " ")}`;
  if (stage !== "download") return words;
  const amount =
    total > 0 ? `${formatBytes(loaded)} of ${formatBytes(total)}` : formatBytes(loaded);
  return `${words}, ${amount}`;
}

export function OpeningProgress({ progress }: { readonly progress: OpenProgress | null }) {
  const text = progress === null ? "Starting the engine" : describe(progress);
  const known = progress !== null && progress.total > 0;
  const value = known ? (100 * progress.loaded) / progress.total : 100;
  return (
    <Stack gap={6}>
      <Text size="sm">{text}</Text>
      <Progress.Root size="sm">
        <Progress.Section value={value} striped={!known} aria-label={text} />
      </Progress.Root>
    </Stack>
  );
}
