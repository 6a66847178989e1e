/** @file The plan of a run: whether it fits into memory, how it is made to, and what takes it. */
import { Alert, Collapse, NativeSelect, Stack, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { fullestPhase, memoryText, planSentence } from "../../core/plan/plan-text.ts";
import type { TrainingPlan } from "../../core/plan/training-plan.ts";
import { useMemoryBudget } from "../../state/memory-budget.ts";
import { FactList } from "../../ui/fact-list.tsx";
import classes from "./new-concept.module.css";

const GIGABYTE = 1e9;
const CHOICES = [4, 6, 8, 10, 12, 16, 24, 32, 48, 80] as const;

export function PlanFacts({ plan }: { readonly plan: TrainingPlan }) {
  const [opened, { toggle }] = useDisclosure(false);
  const facts = fullestPhase(plan).items.map(({ name, bytes }) => ({
    name: name.slice(0, 1).toUpperCase() + name.slice(1),
    value: memoryText(bytes),
  }));
  return (
    <Stack gap={4}>
      {plan.fits ? (
        <Text size="xs" c="dimmed">
          {planSentence(plan)}
        </Text>
      ) : (
        <Alert color="red" title="Does not fit" role="alert">
          {planSentence(plan)}
        </Alert>
      )}
      <UnstyledButton className={classes.more} aria-expanded={opened} onClick={toggle}>
        {opened ? "Hide what takes it" : "What takes it"}
      </UnstyledButton>
      <Collapse expanded={opened}>
        <FactList facts={facts} loading={false} />
      </Collapse>
      {plan.device.backend === "webgpu" ? <BudgetField current={plan.device.budget} /> : null}
    </Stack>
  );
}

/** Browsers do not tell how much memory a GPU has. */
function BudgetField({ current }: { readonly current: number }) {
  const { set } = useMemoryBudget();
  const listed = CHOICES.map((gigabytes) => gigabytes * GIGABYTE);
  const all = listed.includes(current) ? listed : [current, ...listed].sort((a, b) => a - b);
  return (
    <NativeSelect
      size="xs"
      label="GPU memory that training may use"
      value={String(current)}
      data={all.map((bytes) => ({ value: String(bytes), label: memoryText(bytes) }))}
      onChange={({ currentTarget }) => {
        set(Number(currentTarget.value));
      }}
    />
  );
}
