/** @file `npm start`: installs and builds what is missing or stale, then serves the app. */
import { parseArgs } from "node:util";
import { build, buildIsCurrent, distFolder } from "./build.mjs";
import { ensureDependencies, refuse } from "./ensure-dependencies.mjs";
import { createStaticServer } from "./static-server.mjs";

const USAGE = "Usage: npm start -- [--port 4173] [--host 127.0.0.1]";
const PORTS_TRIED = 20;

/** @returns {{ host: string, port: number }} */
function readOptions() {
  /** @type {{ host: string, port: string }} */
  let values;
  try {
    values = parseArgs({
      options: {
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "4173" },
      },
    }).values;
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    return refuse(`"${values.port}" is no port: give a whole number from 0 to 65535.\n${USAGE}`);
  }
  return { host: values.host, port };
}

/**
 * @param {import("node:http").Server} server
 * @param {string} host
 * @param {number} port
 * @returns {Promise<number>} the port it listens on
 */
function listen(server, host, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/**
 * The wanted port, or the next free one.
 * @param {import("node:http").Server} server
 * @param {string} host
 * @param {number} wanted
 */
async function listenNear(server, host, wanted) {
  const last = Math.min(wanted + PORTS_TRIED - 1, 65535);
  for (let port = wanted; port <= last; port++) {
    try {
      return await listen(server, host, port);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code !== "EADDRINUSE" || wanted === 0) throw error;
      console.log(`Port ${String(port)} is taken.`);
    }
  }
  return refuse(
    `Ports ${String(wanted)} to ${String(last)} are all taken: choose one with --port.`,
  );
}

const { host, port } = readOptions();
ensureDependencies();
if (!buildIsCurrent()) await build();
const server = await createStaticServer(distFolder);
const shownHost = host.includes(":") ? `[${host}]` : host;
try {
  const bound = await listenNear(server, host, port);
  console.log(`Custom Diffusion Studio: http://${shownHost}:${String(bound)}/ (Ctrl+C stops it)`);
} catch (error) {
  refuse(
    `Cannot listen on ${shownHost}: ${error instanceof Error ? error.message : String(error)}`,
  );
}
if (!["127.0.0.1", "::1", "localhost"].includes(host)) {
  console.log(
    "Browsers give WebGPU and threads only to https pages and to this machine itself: from another machine, put an https proxy in front.",
  );
}
