/** @file The process that find-adapter-node.ts starts: sends the adapter's facts, or ends without a word. */
import { adapterFacts } from "../device.ts";
import { openDawn } from "./dawn-node.ts";

const { adapter, release } = await openDawn();
process.send?.(adapterFacts(adapter));
release();
