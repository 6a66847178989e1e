/** @file The shell: a header that says what computes, and the engine preview below it. */
import { Container, Grid, Group, Text, Title } from "@mantine/core";
import { BackendBadge } from "./features/models/backend-badge.tsx";
import { ModelCard } from "./features/models/model-card.tsx";
import { NoisePanel } from "./features/noise/noise-panel.tsx";
import { ColorSchemeSwitch } from "./ui/color-scheme-switch.tsx";
import classes from "./app.module.css";

export function App() {
  return (
    <>
      <header className={classes.header}>
        <Container size="lg" h="100%">
          <Group h="100%" justify="space-between" wrap="nowrap" gap="xs">
            <Title order={1} className={classes.name}>
              Custom Diffusion Studio
            </Title>
            <Group gap="xs" wrap="nowrap">
              <BackendBadge />
              <ColorSchemeSwitch />
            </Group>
          </Group>
        </Container>
      </header>
      <Container component="main" size="lg" py="lg">
        <Text c="dimmed" mb="lg" maw="65ch">
          A preview of the engine. It opens a text-to-image diffusion model inside this page and
          runs its UNet once. Nothing you type leaves this machine.
        </Text>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 5 }}>
            <ModelCard />
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 7 }}>
            <NoisePanel />
          </Grid.Col>
        </Grid>
      </Container>
    </>
  );
}
