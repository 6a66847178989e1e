/** @file Worker entry: the engine, sole owner of the GPU device and of every session, behind its contract. */
import { expose } from "comlink";
import { createEngine } from "../src/engine/engine.ts";
import type { EngineApi } from "../src/rpc/contracts.ts";
import { installErrorTransfer } from "../src/rpc/transfer.ts";
import { declareAlive } from "../src/rpc/worker-death.ts";

installErrorTransfer();
expose(createEngine() satisfies EngineApi);
declareAlive((message) => postMessage(message));
