/** @file Which colour stands for which value. */
import { Group, Text } from "@mantine/core";
import { divergingGradient } from "../../ui/diverging-colours.ts";
import classes from "./colour-legend.module.css";

/** `limit` is the value at the right end, null while there is no picture. */
export function ColourLegend({ limit }: { readonly limit: number | null }) {
  const end = limit?.toFixed(2) ?? null;
  return (
    <div>
      <div className={classes.bar} style={{ background: divergingGradient }} />
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {end === null ? "below zero" : `−${end} and less`}
        </Text>
        <Text size="xs" c="dimmed">
          0
        </Text>
        <Text size="xs" c="dimmed">
          {end === null ? "above zero" : `+${end} and more`}
        </Text>
      </Group>
    </div>
  );
}
