/** @file The shell: header with the pages and what computes, and the page that the address names. */
import { Container, Group, Title } from "@mantine/core";
import { Redirect, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { ConceptsPage } from "./features/concepts/concepts-page.tsx";
import { GeneratePage } from "./features/generate/generate-page.tsx";
import { BackendBadge } from "./features/models/backend-badge.tsx";
import { ModelsPage } from "./features/models/models-page.tsx";
import { ColorSchemeSwitch } from "./ui/color-scheme-switch.tsx";
import classes from "./app.module.css";

export function App() {
  return (
    <Router hook={useHashLocation}>
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
        <Switch>
          <Route path="/generate">
            <GeneratePage />
          </Route>
          {/* /concepts, /concepts/new, /concepts/ID, /runs/ID */}
          <Route path="/concepts/*?">
            <ConceptsPage />
          </Route>
          <Route path="/models">
            <ModelsPage />
          </Route>
          <Route>
            <Redirect to="/generate" />
          </Route>
        </Switch>
      </Container>
    </Router>
  );
}
