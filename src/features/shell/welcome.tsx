/** @file What the studio is, in two sentences, for whoever has not been here before. */
import { Button, CloseButton, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { Brain, GraduationCap } from "../../ui/icons.ts";
import { Link } from "wouter";

export function Welcome() {
  const [seen, setSeen] = useLocalStorage({
    key: "studio-welcome-seen",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  if (seen) return null;
  return (
    <Paper component="section" withBorder p="md" mb="lg" aria-labelledby="welcome-title">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Stack gap="xs">
          <Title order={2} size="h4" id="welcome-title">
            Teach a model your things
          </Title>
          <Text size="sm">
            Show it a few photos of a thing, then paint that thing wherever you like. No photo,
            prompt or picture leaves this machine.
          </Text>
          <Group gap="xs">
            <Button
              component={Link}
              href="/concepts/new"
              size="xs"
              leftSection={<GraduationCap size={16} aria-hidden="true" />}
            >
              Teach it something
            </Button>
            <Button
              component={Link}
              href="/concepts/new/teddy-bear"
              size="xs"
              variant="default"
              leftSection={<Brain size={16} aria-hidden="true" />}
            >
              Try it with a teddy bear
            </Button>
          </Group>
        </Stack>
        <CloseButton aria-label="Close the welcome" onClick={() => setSeen(true)} />
      </Group>
    </Paper>
  );
}
