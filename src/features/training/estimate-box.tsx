/** @file What training will take on this device, before anybody has to wait for it. */
import { Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { memoryText } from "../../core/plan/plan-text.ts";
import type { Estimate, EstimateRequest } from "../../rpc/contracts.ts";
import { useEstimate } from "../../state/estimate.ts";
import { errorSentence } from "../../ui/error-sentence.ts";
import { FactList } from "../../ui/fact-list.tsx";
import { PlanFacts } from "./plan-facts.tsx";
import { roughDuration } from "./time-left.ts";
import classes from "./new-concept.module.css";

interface EstimateBoxProps {
  /** Null while the settings cannot be trained with. */
  readonly request: EstimateRequest | null;
}

export function EstimateBox({ request }: EstimateBoxProps) {
  // By its text, since every render makes a new object.
  const [asked] = useDebouncedValue(request === null ? null : JSON.stringify(request), 400);
  const current = request === null || asked !== JSON.stringify(request) ? null : request;
  const { data, error } = useEstimate(current);
  return (
    <section className={classes.estimate} aria-label="Estimate" aria-live="polite">
      {error !== null ? (
        <Text size="sm">There is no estimate: {errorSentence(error)}</Text>
      ) : data === undefined ? (
        <Placeholder waiting={request !== null} />
      ) : (
        <Known estimate={data} />
      )}
    </section>
  );
}

function Placeholder({ waiting }: { readonly waiting: boolean }) {
  return (
    <Text size="sm" c="dimmed">
      {waiting
        ? "Measuring how fast this device is"
        : "How long it takes and how much memory it needs is shown here once there is something to train."}
    </Text>
  );
}

const PARTS = [
  ["regularisation", "Painting regularisation images"],
  ["views", "Preparing views"],
  ["steps", "Steps of training"],
  ["previews", "Previews"],
] as const;

function Known({ estimate }: { readonly estimate: Estimate }) {
  const { seconds, parts, measured, plan } = estimate;
  const facts = PARTS.filter(([part]) => parts[part] > 0).map(([part, name]) => ({
    name,
    value: roughDuration(1000 * parts[part]),
  }));
  return (
    <Stack gap={4}>
      <Text fw={600}>
        {capitalised(roughDuration(1000 * seconds))}, {memoryText(plan.peak)} of memory
      </Text>
      <FactList facts={facts} loading={false} />
      <Text size="xs" c="dimmed">
        {measured
          ? "By how fast this device was in earlier runs."
          : "Reckoned from one measured pass of the model; the first run makes it exact."}
      </Text>
      <PlanFacts plan={plan} />
    </Stack>
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
