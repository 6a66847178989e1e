/**
 * @file A minimum cut: which vertices stay with the source when what must be cut is to cost the least (Dinic's algorithm,
 * Doklady Akademii Nauk SSSR 194, 1970).
 */

export class FlowNetwork {
  private readonly heads: number[] = [];
  private readonly left: number[] = [];
  private readonly edges: number[][] = [];

  /** A new vertex. */
  vertex(): number {
    return this.edges.push([]) - 1;
  }

  /** An edge that is cut, at this cost, where `from` is on the source's side and `to` is not. */
  edge(from: number, to: number, cost: number): void {
    if (cost <= 0) return;
    this.half(from, to, cost);
    this.half(to, from, 0);
  }

  /** Whether each vertex is on the source's side of the cheapest cut; of several as cheap, the one with the fewest there. */
  cut(source: number, sink: number): readonly boolean[] {
    for (;;) {
      const levels = this.levels(source);
      if (levels[sink] === -1) return levels.map((level) => level !== -1);
      this.push(source, sink, levels);
    }
  }

  private half(from: number, to: number, capacity: number): void {
    this.edges[from]!.push(this.heads.push(to) - 1);
    this.left.push(capacity);
  }

  /** How many edges with something left lie between the source and each vertex; -1 where none of them leads there. */
  private levels(source: number): number[] {
    const levels = new Array<number>(this.edges.length).fill(-1);
    levels[source] = 0;
    const queue = [source];
    for (const at of queue) {
      for (const edge of this.edges[at]!) {
        const to = this.heads[edge]!;
        if (this.left[edge]! <= 0 || levels[to] !== -1) continue;
        levels[to] = levels[at]! + 1;
        queue.push(to);
      }
    }
    return levels;
  }

  /** Sends what fits along shortest paths until every one of them is blocked. */
  private push(source: number, sink: number, levels: readonly number[]): void {
    const next = new Array<number>(this.edges.length).fill(0);
    const path: number[] = [];
    let at = source;
    for (;;) {
      if (at === sink) {
        const amount = Math.min(...path.map((edge) => this.left[edge]!));
        for (const edge of path) {
          this.left[edge]! -= amount;
          this.left[edge ^ 1]! += amount;
        }
        path.length = 0;
        at = source;
        continue;
      }
      const edge = this.edges[at]![next[at]!];
      if (edge === undefined) {
        const back = path.pop();
        if (back === undefined) return;
        at = this.heads[back ^ 1]!;
        next[at]!++;
      } else if (this.left[edge]! > 0 && levels[this.heads[edge]!] === levels[at]! + 1) {
        path.push(edge);
        at = this.heads[edge]!;
      } else next[at]!++;
    }
  }
}
