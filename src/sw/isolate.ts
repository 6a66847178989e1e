/** @file Cross-origin isolation from the service worker, for hosts whose response headers nobody can set. */

/** The same three that this project's own servers send. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** The response as it is where its server isolates the page already; otherwise with the headers added. */
export function isolated(response: Response): Response {
  const missing = Object.entries(HEADERS).filter(([name]) => !response.headers.has(name));
  // Status 0 is a redirect that only the browser may follow: it cannot be made again.
  if (missing.length === 0 || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of missing) headers.set(name, value);
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}
