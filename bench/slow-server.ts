/** @file A server whose answers share a connection of a given speed, in place of the speed of this machine's memory. */
import type { Server, ServerResponse } from "node:http";

/** What is sent at a time. */
const PIECE = 64 * 1024;

/** @param bytesPerSecond of all answers together; 0 leaves the server as it is */
export function slowly(server: Server, bytesPerSecond: number): Server {
  if (bytesPerSecond === 0) return server;
  /** When everything that is on its way will have arrived. */
  let free = 0;
  const wait = (bytes: number): Promise<void> => {
    const now = performance.now();
    free = Math.max(free, now) + (1000 * bytes) / bytesPerSecond;
    return new Promise((resolve) => setTimeout(resolve, free - now));
  };
  server.prependListener("request", (_, response: ServerResponse) => {
    const write = response.write.bind(response) as (piece: Uint8Array) => boolean;
    // Streams pause while write() says that it is full, and go on with "drain".
    response.write = (chunk: Uint8Array): boolean => {
      void send(chunk);
      return false;
    };
    const send = async (chunk: Uint8Array): Promise<void> => {
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        await wait(piece.length);
        if (response.destroyed) return;
        write(piece);
      }
      response.emit("drain");
    };
  });
  return server;
}
