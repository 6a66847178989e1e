/** @file A model in the list: name, facts, and what can be done with it. */
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useModel } from "../../state/engine-context.ts";
import type { ModelStatus } from "../../state/model-store.ts";
import classes from "./model-list.module.css";
import { useOpenModel } from "./use-open-model.ts";

const BADGES: Readonly<Record<ModelStatus["kind"], string>> = {
  opening: "opening",
  open: "open",
  failed: "could not be opened",
};

interface ModelRowProps {
  readonly name: string;
  readonly badge: string | null;
  readonly facts: readonly string[];
  readonly actions: ReactNode;
  readonly children?: ReactNode;
}

export function ModelRow({ name, badge, facts, actions, children }: ModelRowProps) {
  return (
    <li className={classes.row}>
      <Stack gap={6}>
        <Group gap="xs" justify="space-between">
          <div>
            <Group gap="xs">
              <Text className={classes.name}>{name}</Text>
              {badge === null ? null : (
                <Badge variant="light" size="sm" tt="none">
                  {badge}
                </Badge>
              )}
            </Group>
            <Text size="sm" c="dimmed">
              {facts.join(" · ")}
            </Text>
          </div>
          <Group gap="xs">{actions}</Group>
        </Group>
        {children}
      </Stack>
    </li>
  );
}

/** How the model is to be seen beside the others; null where there is nothing to say of it. */
export function useModelBadge(id: string): string | null {
  return useModel(({ modelId, status }) => (modelId === id ? BADGES[status.kind] : null));
}

/** Nothing where the model is the one that is open or being opened. */
export function OpenModelButton({ id, name }: { readonly id: string; readonly name: string }) {
  const isChosen = useModel(({ modelId }) => modelId === id);
  const { openModel, obstacle } = useOpenModel();
  if (isChosen) return null;
  return (
    <Button
      size="xs"
      disabled={obstacle !== null}
      aria-label={`Open ${name}`}
      onClick={() => openModel(id)}
    >
      Open
    </Button>
  );
}
