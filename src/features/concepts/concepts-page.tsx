/** @file The page Concepts and those that belong to it: the list, a new concept, and a training run. */
import { lazy } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ConceptListPage } from "./concept-list-page.tsx";

// Cropping photos and drawing curves are half of the code, and the list needs neither.
const NewConceptPage = lazy(async () => ({
  default: (await import("../training/new-concept-page.tsx")).NewConceptPage,
}));
const RunPage = lazy(async () => ({
  default: (await import("../training/run-page.tsx")).RunPage,
}));

export function ConceptsPage() {
  return (
    <Switch>
      <Route path="/concepts/new/:sample?">
        {({ sample }) => <NewConceptPage sample={sample ?? null} />}
      </Route>
      <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
      <Route path="/concepts">
        <ConceptListPage />
      </Route>
      <Route>
        <Redirect to="/concepts" replace />
      </Route>
    </Switch>
  );
}
