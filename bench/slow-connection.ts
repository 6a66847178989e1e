/** @file A way to a server that is as fast as a connection, in place of as fast as this machine's memory. */
import { connect, createServer, type Server } from "node:net";
import { Transform } from "node:stream";

/**
 * @param port of the server
 * @param bytesPerSecond of all that it sends together
 */
export function slowConnection(port: number, bytesPerSecond: number): Server {
  /** When everything that is on its way will have arrived. */
  let free = 0;
  const delay = (): Transform =>
    new Transform({
      transform(chunk: Uint8Array, _, done) {
        const now = performance.now();
        free = Math.max(free, now) + (1000 * chunk.length) / bytesPerSecond;
        setTimeout(() => done(null, chunk), free - now);
      },
    });
  return createServer((client) => {
    const server = connect(port, "127.0.0.1");
    client.pipe(server);
    server.pipe(delay()).pipe(client);
    // Browsers break connections off as they please.
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
  });
}
