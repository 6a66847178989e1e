/** @file Worker entry: keeps models in this browser's file store, where files are copied and hashed off the page. */
import { expose } from "comlink";
import type { HubApi } from "../src/rpc/hub-contract.ts";
import { installErrorTransfer } from "../src/rpc/transfer.ts";
import { createModelLibrary } from "./model-library.ts";

installErrorTransfer();
expose(createModelLibrary() satisfies HubApi);
