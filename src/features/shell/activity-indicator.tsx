/** @file The header's word on what is under way, and the way to it. */
import { Text, UnstyledButton } from "@mantine/core";
import type { CSSProperties } from "react";
import { Link } from "wouter";
import { useActivity, type Activity } from "../../state/activity.ts";
import classes from "./shell.module.css";

interface Shown {
  readonly words: string;
  readonly to: string;
  /** From 0 to 1. */
  readonly share: number;
}

function shown(verb: string, done: number, total: number, to: string): Shown {
  const share = total > 0 ? done / total : 0;
  return { words: total > 0 ? `${verb} ${Math.floor(100 * share)} %` : verb, to, share };
}

function describe({ training, painting }: Activity): Shown | null {
  if (training !== null) {
    const { runId, step, steps } = training;
    return shown("Training", step, steps, `/runs/${runId}`);
  }
  if (painting !== null) return shown("Painting", painting.done, painting.total, "/generate");
  return null;
}

export function ActivityIndicator() {
  const activity = describe(useActivity());
  if (activity === null) return null;
  const { words, to, share } = activity;
  return (
    <UnstyledButton component={Link} href={to} className={classes.activity}>
      {/* A ring that fills, not one that turns: it is drawn anew when there is something new. */}
      <span
        className={classes.share}
        style={{ "--share": `${100 * share}%` } as CSSProperties}
        aria-hidden="true"
      />
      <Text span size="sm" className={classes.activityWords}>
        {words}
      </Text>
    </UnstyledButton>
  );
}
