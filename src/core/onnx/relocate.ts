/** @file Graphs of several files in one: where each has its external data is said from one folder above. */
import type { Constant } from "./constant.ts";
import type { Graph } from "./graph.ts";

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
      return { ...constant, data: { ...data, location: `${folder}/${data.location}` } };
    case "derived":
      return { ...constant, data: { ...data, from: moveTo(folder, data.from) } };
    case "joined":
      return {
        ...constant,
        data: { ...data, parts: data.parts.map((part) => moveTo(folder, part)) },
      };
  }
}
