/**
 * @file LayerNorm over the last axis, y = γ ∘ x̂ + β, and its gradient, where dx̂ = γ ∘ dy (norm-group.ts).
 * Forward x is the query and the bias [γ | β | ε | 0]; for the gradient dy is the query, x the value, the bias
 * [γ | ε | 0] and what is added to it the key.
 */
import {
  type Code,
  f32Load,
  f32x4Multiply,
  get,
  i32,
  loadVector,
  storeVector,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { multiplyAdd } from "./exp-code.ts";
import { field } from "./fused-call.ts";
import { type NormGroup, vectorsOf } from "./norm-group.ts";

export class LayerNorm {
  private readonly group: NormGroup;
  private readonly relaxed: boolean;
  /** Addresses in γ and β. */
  private readonly gamma: number;
  private readonly beta: number;

  constructor(locals: Locals, group: NormGroup, relaxed: boolean) {
    this.group = group;
    this.relaxed = relaxed;
    [this.gamma, this.beta] = [locals.int(), locals.int()];
  }

  forward(): Code {
    const { group, gamma, beta } = this;
    const vector = (address: number): Code => [...get(address), ...loadVector(0)];
    return this.eachRow(
      group.forward(
        { x: field("query"), epsilon: [...this.afterVectors(2), ...f32Load(0)] },
        assign(beta, this.afterVectors(1)),
        this.eachVector(
          get(group.out),
          multiplyAdd(this.relaxed, group.hat, vector(gamma), vector(beta)),
          storeVector(0),
          advance(beta, i32(16)),
        ),
      ),
    );
  }

  backward(): Code {
    const { group, gamma } = this;
    return this.eachRow(
      group.backward(
        {
          ...{ x: field("value"), dy: field("query") },
          epsilon: [...this.afterVectors(1), ...f32Load(0)],
        },
        this.eachVector(
          group.collect([
            ...[...get(group.dy), ...loadVector(0)],
            ...[...get(gamma), ...loadVector(0), ...f32x4Multiply],
          ]),
          advance(group.dy, i32(16)),
        ),
      ),
    );
  }

  private eachRow(body: Code): Code {
    return this.group.each(product(field("batch"), field("queries")), field("querySize"), body);
  }

  /** The body with the row's numbers in x. */
  private eachVector(...body: Code[]): Code {
    const { group, gamma } = this;
    return [
      ...assign(gamma, field("bias")),
      ...times(
        group.counter,
        vectorsOf(group.size),
        assign(group.x, [...get(group.at), ...loadVector(0)]),
        ...body,
        advance(group.at, i32(16)),
        advance(group.out, i32(16)),
        advance(gamma, i32(16)),
      ),
    ];
  }

  /** What follows so many rows of the bias. */
  private afterVectors(rows: number): Code {
    return sum(field("bias"), floats(product(get(this.group.size), i32(rows))));
  }
}
