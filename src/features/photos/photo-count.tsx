/** @file How many photos there are, and whether that is a good number. */
import { Group, Text } from "@mantine/core";
import { TriangleAlert } from "../../ui/icons.ts";
import classes from "./photos.module.css";

const FEWEST = 3;
const MOST = 20;

function advice(count: number): string | null {
  if (count > 0 && count < FEWEST) {
    return "With so few, the pictures you make will copy the photos. Add more if you can.";
  }
  if (count > MOST) {
    return "More than 20 rarely help. Keep the best, or train for more steps.";
  }
  return null;
}

export function PhotoCount({ count }: { readonly count: number }) {
  const warning = advice(count);
  return (
    <div aria-live="polite">
      <Text size="sm">
        {count === 0 ? null : <b>{count === 1 ? "1 photo. " : `${count} photos. `}</b>}3 to 20
        photos work best: one thing, from several sides, on different backgrounds.
      </Text>
      {warning === null ? null : (
        <Group gap={6} wrap="nowrap" align="flex-start" mt={4}>
          <TriangleAlert size={16} aria-hidden className={classes.warning} />
          <Text size="sm" fw={500}>
            {warning}
          </Text>
        </Group>
      )}
    </div>
  );
}
