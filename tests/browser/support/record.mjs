// A page of the health record with a frame in it, as some show what a launch leads to.

import { once } from "node:events";
import { createServer } from "node:http";

const PAGE = (shown) => `<!doctype html><html lang="en"><title>Health record</title><section aria-label="Health record">
<iframe title="Video visit" src="${shown}" style="width: 100%; height: 40rem; border: 0"></iframe></section></html>`;

/** A server of such pages, on an origin of its own, which the organization's `framing_hosts` have to name. */
export async function startRecord() {
  const server = createServer((request, answer) => {
    const shown = new URL(request.url, "http://127.0.0.1").searchParams.get("shown") ?? "";
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end(PAGE(shown.replaceAll('"', "%22")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, environment: { VESTIBULE__ORGANIZATION__LAKESIDE__FRAMING_HOSTS: JSON.stringify([origin]) }, stop: () => server.close() };
}

/** A launch inside a frame of a page of the health record. */
export async function framed(someone, record, demo, launch) {
  const page = await someone.newPage();
  await page.goto(`${record.origin}/?${new URLSearchParams({ shown: demo.fakes + launch })}`);
  return { page, frame: page.frameLocator("iframe") };
}
