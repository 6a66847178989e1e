/** @file The element type of a session's weights and activations; what must be exact is float32 in either case. */

export type Precision = "float32" | "float16";
