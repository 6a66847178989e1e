/** @file A page that fails says so in its place; the rest of the studio, and what is under way, goes on. */
import { Alert, Button, Center, Loader, Text } from "@mantine/core";
import { Component, Suspense, type ReactNode } from "react";
import { errorSentence } from "../../ui/error-sentence.ts";

interface PageBoundaryProps {
  readonly children: ReactNode;
}

interface PageBoundaryState {
  /** In a box, since anything can be thrown, null as well. */
  readonly failure: { readonly error: unknown } | null;
}

export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  override state: PageBoundaryState = { failure: null };

  static getDerivedStateFromError(error: unknown): PageBoundaryState {
    return { failure: { error } };
  }

  override render() {
    const { failure } = this.state;
    if (failure !== null) return <PageFailure error={failure.error} />;
    return (
      <Suspense
        fallback={
          <Center py="xl">
            <Loader aria-label="Loading the page" />
          </Center>
        }
      >
        {this.props.children}
      </Suspense>
    );
  }
}

function PageFailure({ error }: { readonly error: unknown }) {
  return (
    <Alert color="red" variant="light" role="alert" title="This page could not be shown">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {errorSentence(error)} Nothing that was saved is lost.
      </Text>
      <Button mt="sm" size="xs" variant="default" onClick={() => location.reload()}>
        Reload
      </Button>
    </Alert>
  );
}
