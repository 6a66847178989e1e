/** @file Cards of the stored concepts, or what a concept is where there are none; deleting can be undone. */
import { Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { type ConceptRecord, useRemoveConcept, useRestoreConcept } from "../../state/concepts.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { ConceptCard } from "./concept-card.tsx";

/** The one that can still be had back; outlives a visit to another page. */
const deletedConcept = createStore<{ readonly deleted: ConceptRecord | null }>()(() => ({
  deleted: null,
}));

const setDeleted = (deleted: ConceptRecord | null): void => deletedConcept.setState({ deleted });

export function ConceptList({ concepts }: { readonly concepts: readonly ConceptRecord[] }) {
  const { deleted } = useStore(deletedConcept);
  const remove = useRemoveConcept();
  const restore = useRestoreConcept();
  const error = remove.error ?? restore.error;
  return (
    <Stack>
      <div role="status">
        {deleted === null ? null : (
          <Paper withBorder p="xs">
            <Group justify="space-between">
              <Text size="sm">“{deleted.name}” was deleted.</Text>
              <Group gap="xs">
                <Button
                  size="compact-sm"
                  onClick={() => {
                    restore.mutate(deleted, { onSuccess: () => setDeleted(null) });
                  }}
                >
                  Undo
                </Button>
                <Button size="compact-sm" variant="default" onClick={() => setDeleted(null)}>
                  Dismiss
                </Button>
              </Group>
            </Group>
          </Paper>
        )}
      </div>
      {error === null ? null : (
        <ErrorAlert title="The concept could not be changed" error={error} />
      )}
      {concepts.length === 0 ? (
        <Empty />
      ) : (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} component="ul" p={0} m={0}>
          {concepts.map((concept) => (
            <ConceptCard
              key={concept.id}
              concept={concept}
              onDelete={() => {
                remove.mutate(concept, { onSuccess: () => setDeleted(concept) });
              }}
            />
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}

function Empty() {
  return (
    <Paper withBorder p="lg">
      <Stack gap="sm" align="flex-start">
        <Text fw={600}>No concepts yet</Text>
        <Text size="sm">
          A concept is a new word, like &lt;new1&gt;, that the model has learnt from a few photos of
          one thing: a toy, a pet, a bag. Once it knows the word, it can paint that thing wherever a
          prompt puts it.
        </Text>
        <Button component={Link} href="/concepts/new" variant="light">
          Teach it the first
        </Button>
      </Stack>
    </Paper>
  );
}
