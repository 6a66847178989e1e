/** @file The page Concepts and those that belong to it: the list, a new concept, and a training run. */
import { Redirect, Route, Switch } from "wouter";
import { NewConceptPage } from "../training/new-concept-page.tsx";
import { RunPage } from "../training/run-page.tsx";
import { ConceptListPage } from "./concept-list-page.tsx";

export function ConceptsPage() {
  return (
    <Switch>
      <Route path="/concepts/new">
        <NewConceptPage />
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
