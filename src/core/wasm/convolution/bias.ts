/** @file What four channels' results get: the convolution's bias, and what the image has of its own besides, where heads are 2. */
import { type Code, f32x4Add, get, loadVector, when } from "../instructions.ts";
import { assign, floats, product, sum } from "../assemble.ts";
import { addsPerImage, field } from "../fused-call.ts";

interface Place {
  /** Address of the bias of all channels. */
  readonly bias: Code;
  /** Bytes of the channels before these. */
  readonly before: Code;
  /** Number of the image. */
  readonly image: Code;
}

export const readBias = (to: number, { bias, before, image }: Place): Code => [
  ...assign(to, [...sum(bias, before), ...loadVector(0)]),
  ...addsPerImage,
  ...when(
    assign(to, [
      ...sum(field("value"), floats(product(image, field("valueSize"))), before),
      ...[...loadVector(0), ...get(to), ...f32x4Add],
    ]),
  ),
];
