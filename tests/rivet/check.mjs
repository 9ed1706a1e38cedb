// Checks the fake Zoom with Zoom's own library, both ways: as a caller of its API and as a receiver of its events, whose
// bodies are held against the library's own types as well.
//
// usage: node tests/rivet/check.mjs <the built example `fakes`>, or its path in VESTIBULE_FAKES
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MeetingsS2SAuthClient } from "@zoom/rivet/meetings";
import { UsersS2SAuthClient } from "@zoom/rivet/users";
import { Calls, checkAccountCalls, checkCommonRefusals, checkMeetingCalls, checkPastCalls, checkUserCalls } from "./calls.mjs";
import { Types } from "./types.mjs";

const HOST = "elena.rivera@lakeside.example";
const OTHER = "samuel.okafor@lakeside.example";
const EVENTS = [
  "created", "updated", "deleted", "started", "ended", "participant_joined", "participant_left", "participant_jbh_waiting",
  "participant_jbh_waiting_left", "participant_jbh_joined", "participant_joined_waiting_room", "participant_left_waiting_room",
  "participant_admitted", "participant_put_in_waiting_room", "participant_role_changed", "participant_bind",
  "participant_joined_breakout_room", "participant_left_breakout_room",
].map((name) => `meeting.${name}`);

const library = dirname(createRequire(import.meta.url).resolve("@zoom/rivet/meetings"));
const meetingTypes = new Types(join(library, "meetings.d.ts"));
const userTypes = new Types(join(library, "..", "users", "users.d.ts"));
const accountTypes = new Types(join(library, "..", "accounts", "accounts.d.ts"));
const ownTypes = new Types(fileURLToPath(new URL("own.d.ts", import.meta.url)));
let failures = 0;

function check(what, right, detail = "") {
  console.log(`${right ? "ok  " : "FAIL"} ${what}${right || detail === "" ? "" : `: ${detail}`}`);
  if (!right) failures += 1;
}

function fits(what, types, value, name) {
  const wrong = types.mismatches(value, name);
  check(`${what} fits ${name}`, wrong.length === 0, wrong.join("; "));
}

async function refusedWith(what, expected, work) {
  try {
    await work();
    check(what, false, "it was not refused");
  } catch (error) {
    check(what, String(error.message).includes(expected), error.message);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function startFakes(program, webhook) {
  const fakes = spawn(program, ["--webhook", webhook, "--time-scale", "300"], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    fakes.on("error", reject);
    fakes.on("exit", (code) => reject(new Error(`the fakes ended with ${code}`)));
    createInterface({ input: fakes.stdout }).once("line", resolve);
  });
  return { fakes, ...JSON.parse(line) };
}

async function json(method, url, body) {
  const response = await fetch(url, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === "" ? {} : JSON.parse(text);
}

async function until(what, done) {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  check(what, false, "not within 15 s");
}

async function checkToken(url, zoom, client) {
  const { answer: raw } = await askForToken(url, zoom);
  try {
    client.auth.assertRawToken(raw);
    check("the library takes the token answer", true);
  } catch (error) {
    check("the library takes the token answer", false, error.message);
  }
  return client.auth.mapAccessToken(raw);
}

async function askForToken(url, zoom, change = {}) {
  const basic = Buffer.from(`${zoom.client_id}:${change.secret ?? zoom.client_secret}`).toString("base64");
  const response = await fetch(`${url}/zoom/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: change.grant ?? "account_credentials", account_id: change.account ?? zoom.account_id }),
  });
  return { status: response.status, answer: await response.json() };
}

// Every call of the API, with its answers and refusals, and those of the token endpoint.
async function checkEveryCall(url, zoom, token) {
  const types = { meetings: meetingTypes, users: userTypes, accounts: accountTypes, own: ownTypes };
  const calls = new Calls({ url, token, check, types });
  calls.freshToken = async () => (await askForToken(url, zoom)).answer.access_token;
  calls.fits("the token", (await askForToken(url, zoom)).answer, ["own", "ZoomToken"], ["access_token", "expires_in", "scope"]);
  for (const change of [{ secret: "another" }, { grant: "password" }, { account: "another" }]) {
    const { status, answer } = await askForToken(url, zoom, change);
    check(`a token for ${JSON.stringify(change)} is refused`, status === 400);
    calls.fits("the refusal of a token request", answer, ["own", "ZoomOAuthError"]);
  }
  await checkUserCalls(calls, HOST);
  const meeting = await checkMeetingCalls(calls, HOST);
  const open = async (link) => (await json("POST", `${url}/zoom/client/seats`, { url: link })).seat;
  await checkPastCalls(calls, meeting, async () => {
    await open(meeting.start);
    const zak = (await calls.send("GET", `/users/${encodeURIComponent(HOST)}/token?type=zak`)).answer.token;
    await open(`${url}/zoom/j/${meeting.id}?zak=${encodeURIComponent(zak)}`);
    return (await json("GET", `${url}/demo/api/zoom/meetings`)).meetings.find((one) => one.id === meeting.id).uuid;
  });
  const settings = (changed) => json(changed === undefined ? "GET" : "PUT", `${url}/demo/api/zoom/settings`, changed);
  await checkAccountCalls(calls, settings);
  await checkCommonRefusals(calls, (fault) => json("POST", `${url}/demo/api/zoom/faults`, fault));
  calls.everyOneIsChecked();
}

async function checkUsers(users) {
  const found = await users.endpoints.users.getUser({ path: { userId: HOST } });
  check("a user is found by e-mail", found.data.email === HOST && typeof found.trackingId === "string");
  fits("the user", userTypes, found.data, "UsersGetUserResponse");
  const body = { action: "ssoCreate", user_info: { email: "new+one@lakeside.example", type: 1, first_name: "N", last_name: "O" } };
  const made = await users.endpoints.users.createUsers({ body });
  check("a user is made", made.statusCode === 201);
  fits("the new user", userTypes, made.data, "UsersCreateUsersResponse");
  const again = await users.endpoints.users.getUser({ path: { userId: "new+one@lakeside.example" } });
  check("an e-mail in a path with a bare plus is found", again.data.id === made.data.id);
  await refusedWith("the same user twice", "[409/1005]", () => users.endpoints.users.createUsers({ body }));
  await refusedWith("an unknown user", "[404/1001]", () => users.endpoints.users.getUser({ path: { userId: "nobody@lakeside.example" } }));
  const zak = await users.endpoints.users.getUsersToken({ path: { userId: OTHER }, query: { type: "zak" } });
  fits("the token of a user", userTypes, zak.data, "UsersGetUsersTokenResponse");
  return zak.data.token;
}

async function checkMeetings(meetings) {
  const settings = { waiting_room: true, approval_type: 0, alternative_hosts: OTHER, email_notification: false };
  const body = { topic: "Video visit", agenda: "marker-rivet", type: 2, duration: 30, timezone: "UTC", settings };
  const made = await meetings.createMeeting({ path: { userId: HOST }, body });
  check("a meeting is made", made.statusCode === 201 && Number.isSafeInteger(made.data.id));
  fits("the new meeting", meetingTypes, made.data, "MeetingsCreateMeetingResponse");
  const id = made.data.id;
  const read = await meetings.getMeeting({ path: { meetingId: id } });
  fits("the meeting", meetingTypes, read.data, "MeetingsGetMeetingResponse");
  check("every reading has its own start link", read.data.start_url !== made.data.start_url);
  const listed = await meetings.listMeetings({ path: { userId: HOST }, query: { page_size: 300 } });
  fits("the list", meetingTypes, listed.data, "MeetingsListMeetingsResponse");
  check("the list shows the marker", listed.data.meetings.some((row) => row.agenda === "marker-rivet"));
  const person = { email: "p1@visits.example", first_name: "Patient", last_name: "Peña" };
  const registered = await meetings.addMeetingRegistrant({ path: { meetingId: id }, body: person });
  fits("the registrant", meetingTypes, registered.data, "MeetingsAddMeetingRegistrantResponse");
  const links = await meetings.createMeetingsInviteLinks({ path: { meetingId: id }, body: { attendees: [{ name: "Interpreter" }] } });
  fits("the invite links", meetingTypes, links.data, "MeetingsCreateMeetingsInviteLinksResponse");
  const changed = await meetings.updateMeeting({ path: { meetingId: id }, body: { duration: 45 } });
  check("an update is answered 204", changed.statusCode === 204);
  await refusedWith("an unknown meeting", "[404/3001]", () => meetings.getMeeting({ path: { meetingId: 1234567890 } }));
  return { id, start: read.data.start_url, join: registered.data.join_url, named: links.data.attendees[0].join_url };
}

// Everything that people can do, so that every event is sent.
async function playStory(url, meetings, meeting, zak, early) {
  const open = async (link) => (await json("POST", `${url}/zoom/client/seats`, { url: link })).seat;
  const act = (seat, order) => json("POST", `${url}/zoom/client/seats/${seat}`, order);
  const impatient = await open(meeting.named);
  const patient = await open(meeting.join);
  // At this scale an app tells after a tenth of a second that it waits.
  await new Promise((resolve) => setTimeout(resolve, 400));
  await act(impatient, { act: "leave" });
  const cover = await open(`${url}/zoom/j/${meeting.id}?zak=${encodeURIComponent(zak)}`);
  await act(cover, { act: "admit", whom: patient });
  const host = await open(meeting.start);
  await act(host, { act: "put_back", whom: patient });
  await act(host, { act: "admit", whom: patient });
  const interpreter = await open(meeting.named);
  await act(host, { act: "refuse", whom: interpreter });
  const { seat: phone } = await json("POST", `${url}/zoom/client/dial-in`, { meeting: meeting.id, number: "+15550100" });
  await act(host, { act: "admit", whom: phone });
  await act(phone, { act: "bind_to", whom: patient });
  await act(patient, { act: "breakout", room: "Room 1" });
  await act(patient, { act: "breakout", room: null });
  await refusedWith("a guest who would admit", "403", () => act(patient, { act: "admit", whom: phone }));
  const uuid = (await json("GET", `${url}/demo/api/zoom/meetings`)).meetings.find((one) => one.id === meeting.id).uuid;
  const ended = await meetings.updateMeetingStatus({ path: { meetingId: meeting.id }, body: { action: "end" } });
  check("ending is answered 204", ended.statusCode === 204);
  const path = { meetingId: encodeURIComponent(encodeURIComponent(uuid)) };
  const past = await meetings.getPastMeetingParticipants({ path, query: { page_size: 300 } });
  fits("the past participants", meetingTypes, past.data, "MeetingsGetPastMeetingParticipantsResponse");
  check("all who were there are listed", past.data.participants.length >= 4, String(past.data.participants.length));
  const guest = await open(early.join_url);
  await act(guest, { act: "leave" });
  const gone = await meetings.deleteMeeting({ path: { meetingId: meeting.id } });
  check("deleting is answered 204", gone.statusCode === 204);
  await refusedWith("a deleted meeting", "[404/3001]", () => meetings.getMeeting({ path: { meetingId: meeting.id } }));
}

function typeName(event) {
  const words = event.split(/[._]/).map((word) => word[0].toUpperCase() + word.slice(1));
  return `${words.join("")}Event`;
}

async function main() {
  const program = process.argv[2] ?? process.env.VESTIBULE_FAKES;
  if (program === undefined) {
    console.error("usage: node check.mjs <the built example `fakes`>, e.g. target/debug/examples/fakes");
    process.exit(64);
  }
  const port = await freePort();
  const { fakes, url, zoom } = await startFakes(program, `http://127.0.0.1:${port}/zoom/events`);
  fakes.removeAllListeners("exit");
  const options = {
    clientId: zoom.client_id, clientSecret: zoom.client_secret, accountId: zoom.account_id,
    webhooksSecretToken: zoom.webhook_secret, baseUrl: `${url}/zoom/v2`, port,
  };
  let token = null;
  const tokenStore = { getLatestToken: () => token, storeToken: (fresh) => { token = fresh; } };
  const meetings = new MeetingsS2SAuthClient({ ...options, tokenStore });
  const users = new UsersS2SAuthClient({ ...options, tokenStore, disableReceiver: true });
  const received = [];
  for (const name of EVENTS) meetings.webEventConsumer.event(name, (event) => { received.push(event); });
  const receiver = await meetings.start();
  try {
    token = await checkToken(url, zoom, meetings);
    await json("POST", `${url}/demo/api/zoom/validate`);
    const zak = await checkUsers(users);
    const calls = meetings.endpoints.meetings;
    const meeting = await checkMeetings(calls);
    const open = { topic: "Open door", settings: { join_before_host: true } };
    const early = (await calls.createMeeting({ path: { userId: HOST }, body: open })).data;
    await playStory(url, calls, meeting, zak, early);
    await checkEveryCall(url, zoom, token.accessToken);
    for (const name of EVENTS) {
      await until(`the library receives ${name}`, () => received.some((event) => event.event === name));
      const first = received.find((event) => event.event === name);
      if (first !== undefined) fits(name, meetingTypes, first, typeName(name));
    }
    for (const event of received) {
      const wrong = meetingTypes.mismatches(event, typeName(event.event));
      if (wrong.length > 0) check(`each ${event.event}`, false, wrong.join("; "));
    }
    const validation = await json("GET", `${url}/demo/api/zoom/validation`);
    check("the library answers our challenge and we take its answer", validation?.accepted === true, JSON.stringify(validation));
    const before = received.length;
    await json("PUT", `${url}/demo/api/zoom/weather`, { wrong_signature: 1 });
    await json("POST", `${url}/demo/api/zoom/foreign-event`);
    let refused;
    await until("the library answers a wrong signature", () => {
      void json("GET", `${url}/demo/api/zoom/deliveries`).then(({ deliveries }) => { refused = deliveries.at(-1); }).catch(() => {}); // It may come after the end.
      return refused?.fate === "refused";
    });
    check("the library refuses a wrong signature", received.length === before && refused?.attempts[0]?.status === 400);
  } finally {
    receiver.close();
    receiver.closeAllConnections();
    fakes.stdin.end();
  }
  console.log(failures === 0 ? "all checks passed" : `${failures} checks failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
