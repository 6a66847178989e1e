/** @file The element type of a session's weights and activations; what must be exact is float32 in either case. */

export const PRECISIONS = ["float32", "float16"] as const;
export type Precision = (typeof PRECISIONS)[number];
