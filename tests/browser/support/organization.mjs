// What an administrator fills in for an organization of their own.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What somebody types for an organization that works with the demo's fakes under an account id of its own, and with the key that they know. */
export async function typedFor(demo) {
  const privateKey = await readFile(join(demo.folder, "demo-privatekey.pem"), "utf8");
  return {
    "Zoom API Key": "FirstKey",
    "Zoom App Private Key": privateKey,
    "Epic FHIR R4 Base URL": `${demo.fakes}/epic/api/FHIR/R4`,
    "Epic Telehealth Base URL": `${demo.fakes}/epic`,
    name: "Riverside Clinic",
    acc_id: "RiversideAccount",
    "epic.client_id": "0f7b9a1e-demo-epic-client",
    "zoom.api_base_url": `${demo.fakes}/zoom/v2`,
    "zoom.oauth_base_url": `${demo.fakes}/zoom`,
    "zoom.account_id": "DemoZoomAccount1",
    "zoom.client_id": "DemoZoomClient1",
    "zoom.client_secret": "demo-zoom-client-secret",
    "zoom.webhook_secret_tokens": "demo-zoom-webhook-secret",
    time_zone: "America/Chicago",
  };
}
