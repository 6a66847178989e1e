/** @file The shell: header with the pages and what computes, and the page that the address names. */
import { Container, Title, VisuallyHidden } from "@mantine/core";
import { useRef } from "react";
import { Link, Redirect, Router, useLocation } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { UndoToast } from "./features/gallery/undo-toast.tsx";
import { BackendBadge } from "./features/models/backend-badge.tsx";
import { ActivityIndicator } from "./features/shell/activity-indicator.tsx";
import { EngineAlert } from "./features/shell/engine-alert.tsx";
import { Footer } from "./features/shell/footer.tsx";
import { ModelProgress } from "./features/shell/model-progress.tsx";
import { Navigation } from "./features/shell/navigation.tsx";
import { PageBoundary } from "./features/shell/page-boundary.tsx";
import { pageAt } from "./features/shell/pages.tsx";
import { UpdateNotice } from "./features/shell/update-notice.tsx";
import { usePageTitle } from "./features/shell/use-page-title.ts";
import { Welcome } from "./features/shell/welcome.tsx";
import { ColorSchemeSwitch } from "./ui/color-scheme-switch.tsx";
import { PAGE_WIDTH } from "./ui/page-width.ts";
import classes from "./app.module.css";

export function App() {
  return (
    <Router hook={useHashLocation}>
      <Shell />
    </Router>
  );
}

function Shell() {
  const main = useRef<HTMLElement>(null);
  const [path] = useLocation();
  const { title, component: Page } = pageAt(path);
  usePageTitle(title, path);
  if (path === "/") return <Redirect to="/generate" replace />;
  return (
    <div className={classes.shell}>
      {/* A button, since a link to "#main" would be taken for the address of a page. */}
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header className={classes.header}>
        <Container size={PAGE_WIDTH} className={classes.bar}>
          <Title order={1} className={classes.name}>
            <Link href="/generate">Custom Diffusion Studio</Link>
          </Title>
          <Navigation />
          <ActivityIndicator />
          <BackendBadge />
          <ColorSchemeSwitch />
        </Container>
        <ModelProgress />
      </header>
      {/* Screen readers hear of a new page, which is no new document to them. */}
      <VisuallyHidden aria-live="polite">{title}</VisuallyHidden>
      <main className={classes.main} tabIndex={-1} ref={main}>
        <Container size={PAGE_WIDTH} py="lg">
          <EngineAlert />
          <UpdateNotice />
          {path === "/generate" ? <Welcome /> : null}
          <PageBoundary key={path.split("/")[1]}>
            <Page />
          </PageBoundary>
        </Container>
      </main>
      {/* The gallery's own is within its dialog while that is open. */}
      {path === "/generate" ? null : <UndoToast />}
      <Footer />
    </div>
  );
}
