/** @file Graphs of several files in one: where each has its external data is said from one folder above. */
import type { Constant } from "./constant.ts";
import type { Graph } from "./graph.ts";

/** Begins a location that is said from the folder above already. */
const ABOVE = "/";

/** A location of external data in the folder above a graph's own. */
export const fromAbove = (path: string): string => `${ABOVE}${path}`;

/** Where external data of a graph in `folder` lies, said from the folder above. */
export function seenFromAbove(folder: string, location: string): string {
  return location.startsWith(ABOVE) ? location.slice(ABOVE.length) : `${folder}/${location}`;
}

/** The graph with `folder` before every location of external data. */
export function relocated(graph: Graph, folder: string): Graph {
  const moved = new Map([...graph.constants].map(([name, it]) => [name, moveTo(folder, it)]));
  return { ...graph, constants: moved };
}

function moveTo(folder: string, constant: Constant): Constant {
  const { data } = constant;
  switch (data.kind) {
    case "bytes":
    case "fill":
      return constant;
    case "external":
      return { ...constant, data: { ...data, location: seenFromAbove(folder, data.location) } };
    case "derived":
      return { ...constant, data: { ...data, from: moveTo(folder, data.from) } };
    case "joined":
      return {
        ...constant,
        data: { ...data, parts: data.parts.map((part) => moveTo(folder, part)) },
      };
  }
}
