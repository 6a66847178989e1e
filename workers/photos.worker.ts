/** @file Worker entry: decoding and cutting photos, behind its contract. */
import { expose } from "comlink";
import { createPhotos } from "../src/photos/photos.ts";
import type { PhotosApi } from "../src/rpc/photos-contract.ts";
import { installErrorTransfer } from "../src/rpc/transfer.ts";

installErrorTransfer();
expose(createPhotos() satisfies PhotosApi);
