/** @file A number in all four lanes, as code. */
import { type Code, constant } from "../instructions.ts";

export const four = (value: number): Code =>
  constant(new Uint32Array(Float32Array.of(value).buffer)[0]!);
