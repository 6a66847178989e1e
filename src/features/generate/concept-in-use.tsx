/** @file The concept that the prompt uses: how strongly, and which one where several share the word. */
import { Button, Group, Paper, Select, Slider, Text } from "@mantine/core";
import { useId } from "react";
import classes from "./concept-in-use.module.css";
import type { NamedConcept } from "./prompt-phrases.ts";

interface ConceptInUseProps {
  readonly concept: NamedConcept;
  readonly candidates: readonly NamedConcept[];
  readonly strength: number;
  readonly onStrength: (strength: number) => void;
  readonly onChoose: (id: string) => void;
  /** For a concept that is in no prompt and so cannot be taken out of one; null for all others. */
  readonly onRemove: (() => void) | null;
}

export function ConceptInUse({
  concept,
  candidates,
  strength,
  onStrength,
  onChoose,
  onRemove,
}: ConceptInUseProps) {
  const id = useId();
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb={candidates.length > 1 ? "xs" : 0}>
        <Text size="sm" id={id}>
          Strength of “{concept.name}”
        </Text>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {strength.toFixed(2)}
          </Text>
          {onRemove === null ? null : (
            <Button size="compact-sm" variant="default" onClick={onRemove}>
              Do without it
            </Button>
          )}
        </Group>
      </Group>
      {candidates.length > 1 ? (
        <Select
          size="sm"
          mb="xs"
          label={`${candidates.length} concepts have this word. Paint with`}
          data={candidates.map(({ id: value, name, createdAt }) => ({
            value,
            label: `${name} (${new Date(createdAt).toLocaleString()})`,
          }))}
          value={concept.id}
          allowDeselect={false}
          onChange={(chosen) => {
            if (chosen !== null) onChoose(chosen);
          }}
        />
      ) : null}
      <Slider
        min={0}
        max={1.5}
        step={0.05}
        value={strength}
        onChange={onStrength}
        label={null}
        classNames={{ markLabel: classes.mark ?? "" }}
        marks={[
          { value: 0, label: "0" },
          { value: 1, label: "1" },
          { value: 1.5, label: "1.5" },
        ]}
        mb="lg"
        thumbProps={{ "aria-labelledby": id }}
      />
    </Paper>
  );
}
