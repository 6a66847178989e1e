/** @file What files of another tool hold, what is still to be said of them, and whether they fit the open model. */
import { Button, Group, Paper, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { InspectedForeign } from "../../state/concept-files.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { useForeignCheck, useImportForeign } from "../../state/foreign-files.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FactList } from "../../ui/fact-list.tsx";
import { foreignFacts, foreignRemarks, foreignTokens } from "./foreign-facts.ts";
import classes from "./import-panel.module.css";

interface ForeignCardProps {
  readonly foreign: InspectedForeign;
  /** It was stored, or is not wanted. */
  readonly onDone: () => void;
}

export function ForeignCard({ foreign, onDone }: ForeignCardProps) {
  const { key, parts } = foreign;
  const [name, setName] = useState(foreign.name);
  const [categories, setCategories] = useState<Readonly<Record<string, string>>>({});
  const model = useOpenModel();
  const { data: stored } = useConcepts();
  const check = useForeignCheck(key, parts);
  const add = useImportForeign();
  const tokens = foreignTokens(parts);
  const said = tokens.map((token) => [token, (categories[token] ?? "").trim()] as const);
  const files = parts.map(({ file }) => file);
  const title = files.map((file) => file.name).join(", ");
  const ready = check.isSuccess && name.trim() !== "" && said.every(([, word]) => word !== "");
  return (
    <Paper withBorder component="article" className={classes.card} aria-label={title}>
      <Stack gap="sm" p="md">
        <Text fw={600} className={classes.words}>
          {title}
        </Text>
        <FactList facts={foreignFacts(parts)} loading={false} />
        {foreignRemarks(parts, stored?.concepts ?? []).map((remark) => (
          <Text key={remark} size="sm" className={classes.words}>
            {remark}
          </Text>
        ))}
        {model === null ? (
          <Text size="sm">
            Open the model that it was made for on the page Models: it becomes a difference to that.
          </Text>
        ) : null}
        {model !== null && check.isSuccess ? (
          <Text size="sm">It becomes a concept of {model.name}, the model that is open.</Text>
        ) : null}
        {check.error === null ? null : (
          <ErrorAlert title="It does not fit the open model" error={check.error} />
        )}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {tokens.map((token) => (
            <TextInput
              key={token}
              label={`What kind of thing is ${token}?`}
              withAsterisk
              placeholder="bear"
              maxLength={100}
              value={categories[token] ?? ""}
              onChange={({ currentTarget: { value } }) =>
                setCategories((before) => ({ ...before, [token]: value }))
              }
            />
          ))}
          <TextInput
            label="Name"
            maxLength={100}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        </SimpleGrid>
        {add.error === null ? null : (
          <ErrorAlert title="It could not be imported" error={add.error} />
        )}
        <Group gap="xs">
          <Button
            disabled={!ready}
            loading={add.isPending}
            onClick={() => {
              add.mutate(
                { files, categories: Object.fromEntries(said), name: name.trim() },
                { onSuccess: onDone },
              );
            }}
          >
            Import
          </Button>
          <Button variant="default" onClick={onDone}>
            Leave it
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
