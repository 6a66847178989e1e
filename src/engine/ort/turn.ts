/** @file A turn of the event loop, in which a worker hears its messages. */

/**
 * Resolves once whatever was posted to this thread before has been heard. Not by a timer: those of pages that nobody
 * looks at are slowed down.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
