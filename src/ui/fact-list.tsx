/** @file Named values as a definition list; a value that is not known yet keeps its place. */
import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./fact-list.module.css";

export interface Fact {
  readonly name: string;
  /** null while it is not known */
  readonly value: ReactNode;
}

interface FactListProps {
  readonly facts: readonly Fact[];
  /** Shows that the missing values are on their way; otherwise a dash stands in for them. */
  readonly loading: boolean;
}

export function FactList({ facts, loading }: FactListProps) {
  return (
    <dl className={classes.list}>
      {facts.map(({ name, value }) => (
        <div key={name} className={classes.fact}>
          <dt className={classes.name}>{name}</dt>
          <dd className={classes.value}>
            {value ?? (loading ? <Skeleton h="0.75rem" w="4rem" /> : "–")}
          </dd>
        </div>
      ))}
    </dl>
  );
}
