/** @file The header's word on what is under way, and the way to it. */
import { Loader, Text, UnstyledButton } from "@mantine/core";
import { Link } from "wouter";
import { useActivity, type Activity } from "../../state/activity.ts";
import classes from "./shell.module.css";

function percent(done: number, total: number): string {
  return total > 0 ? ` ${Math.floor((100 * done) / total).toString()} %` : "";
}

function describe({ training, painting }: Activity): { words: string; to: string } | null {
  if (training !== null) {
    const { runId, step, steps } = training;
    return { words: `Training${percent(step, steps)}`, to: `/runs/${runId}` };
  }
  if (painting !== null) {
    return { words: `Painting${percent(painting.done, painting.total)}`, to: "/generate" };
  }
  return null;
}

export function ActivityIndicator() {
  const shown = describe(useActivity());
  if (shown === null) return null;
  return (
    <UnstyledButton component={Link} href={shown.to} className={classes.activity}>
      <Loader size="xs" aria-hidden="true" />
      <Text span size="sm" className={classes.activityWords}>
        {shown.words}
      </Text>
    </UnstyledButton>
  );
}
