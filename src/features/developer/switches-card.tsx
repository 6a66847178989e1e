/** @file A switch for every optimisation; they count from the next time the model is opened. */
import { Alert, Button, Paper, Stack, Switch, Title } from "@mantine/core";
import { type Optimisation, OPTIMISATIONS } from "../../core/optimisations.ts";
import { useModel } from "../../state/engine-context.ts";
import { useSwitches } from "../../state/optimisation-switches.ts";

export function SwitchesCard() {
  const { without, set } = useSwitches();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="switches-title">
      <Stack gap="md">
        <Title order={3} size="h4" id="switches-title">
          Optimisations
        </Title>
        {(Object.entries(OPTIMISATIONS) as [Optimisation, string][]).map(([name, what]) => (
          <Switch
            key={name}
            label={name}
            description={what}
            checked={!without.has(name)}
            onChange={({ currentTarget }) => set(name, currentTarget.checked)}
          />
        ))}
        <OpenAgain without={without} />
      </Stack>
    </Paper>
  );
}

/** Where the open model was opened with other switches. */
function OpenAgain({ without }: { readonly without: ReadonlySet<Optimisation> }) {
  const status = useModel((state) => state.status);
  const preference = useModel((state) => state.preference);
  const open = useModel((state) => state.open);
  if (status.kind !== "open") return null;
  const present = status.info.without;
  const same = present.length === without.size && present.every((name) => without.has(name));
  if (same) return null;
  return (
    <Alert variant="light" title="The open model does not know of it yet">
      <Button size="xs" onClick={() => open(preference)}>
        Open it again
      </Button>
    </Alert>
  );
}
