// Every call that the fake Zoom plays, once done and once refused, with the answers held against the types of Zoom's own library and
// against what the service reads of them. A call that stands in the fake and not here fails the check.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const PLAYED = join(here, "..", "..", "src", "simulator", "zoom", "calls.rs");

// What Zoom's own OpenAPI document and its samples have, and its library's types have not.
const EXTRAS = new Map([["MeetingsCreateMeetingResponse", ["host_id", "status", "uuid"]]]);

const twice = (text) => encodeURIComponent(encodeURIComponent(text));

export class Calls {
  constructor({ url, token, check, types }) {
    Object.assign(this, { url, token, check, types });
    this.done = new Set();
    this.refused = new Set();
  }

  async send(method, path, body, token = this.token) {
    const headers = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(`${this.url}/zoom/v2${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    const kind = response.headers.get("content-type") ?? "";
    const isJson = text === "" || kind.startsWith("application/json");
    this.check(`${method} ${path} is answered in JSON and traceable`, isJson && response.headers.has("x-zm-trackingid"), kind);
    return { status: response.status, answer: text === "" ? undefined : JSON.parse(text), headers: response.headers };
  }

  // The call is done: `type` is [declarations, name], or nothing where no body comes; `needs` are the fields that the service reads.
  async does(name, method, path, { body, status = 200, type, needs = [] }) {
    const { status: got, answer } = await this.send(method, path, body);
    this.check(`${name} is answered ${status}`, got === status, `${got} ${JSON.stringify(answer)}`);
    this.done.add(name);
    if (type === undefined) {
      this.check(`${name} is answered without a body`, answer === undefined, JSON.stringify(answer));
      return undefined;
    }
    this.fits(name, answer, type, needs);
    return answer;
  }

  fits(name, answer, [file, type], needs = []) {
    const types = this.types[file];
    const wrong = types.mismatches(answer, type);
    const allowed = EXTRAS.get(type) ?? [];
    wrong.push(...types.unknown(answer, type).filter((field) => !allowed.includes(field)).map((field) => `${field}: not in ${type}`));
    for (const field of needs) {
      const value = field.split(".").reduce((value, step) => (Array.isArray(value) ? value[0] : value)?.[step], answer);
      if (value === undefined) wrong.push(`${field}: missing`);
    }
    this.check(`${name} fits ${type}`, wrong.length === 0, wrong.join("; "));
  }

  async refuses(name, method, path, status, code, body) {
    const { status: got, answer } = await this.send(method, path, body);
    this.check(`${name} is refused with ${status}/${code}`, got === status && answer?.code === code, `${got} ${JSON.stringify(answer)}`);
    this.fits(`the refusal of ${name}`, answer, ["own", "ZoomError"]);
    this.refused.add(name);
  }

  everyOneIsChecked() {
    const played = [...readFileSync(PLAYED, "utf8").matchAll(/terms\(\s*"([a-z_.]+)"/g)].map((match) => match[1]);
    this.check("the fake's calls are read", played.length > 20, String(played.length));
    for (const name of played) {
      this.check(`${name} was done and refused`, this.done.has(name) && this.refused.has(name));
    }
  }
}

export async function checkUserCalls(calls, host) {
  const user = ["users", "UsersGetUserResponse"];
  const info = { email: "calls@lakeside.example", type: 1, first_name: "C", last_name: "Alls" };
  const made = await calls.does("users.create", "POST", "/users", {
    body: { action: "ssoCreate", user_info: info }, status: 201, type: ["users", "UsersCreateUsersResponse"], needs: ["id"],
  });
  await calls.refuses("users.create", "POST", "/users", 409, 1005, { action: "ssoCreate", user_info: info });
  await calls.refuses("users.create", "POST", "/users", 400, 300, { action: "ssoCreate", user_info: { ...info, type: 7 } });
  await calls.refuses("users.create", "POST", "/users", 400, 1116, {
    action: "autoCreate", user_info: { ...info, email: "x@elsewhere.example", password: "long-enough-1" },
  });
  await calls.does("users.get", "GET", `/users/${made.id}`, { type: user, needs: ["id", "email", "type", "status"] });
  await calls.refuses("users.get", "GET", "/users/nobody%40lakeside.example", 404, 1001);
  await calls.does("users.list", "GET", "/users?status=active", { type: ["users", "UsersListUsersResponse"], needs: ["users.id"] });
  await calls.does("users.check_email", "GET", `/users/email?email=${encodeURIComponent(host)}`, {
    type: ["users", "UsersCheckUserEmailResponse"], needs: ["existed_email"],
  });
  await calls.refuses("users.check_email", "GET", "/users/email", 400, 300);
  await calls.does("users.update", "PATCH", `/users/${made.id}`, { body: { type: 2 }, status: 204 });
  await calls.refuses("users.update", "PATCH", "/users/nobody%40lakeside.example", 404, 1001, { type: 2 });
  await calls.does("users.token", "GET", `/users/${made.id}/token?type=zak`, {
    type: ["users", "UsersGetUsersTokenResponse"], needs: ["token"],
  });
  await calls.refuses("users.token", "GET", "/users/nobody%40lakeside.example/token?type=zak", 404, 1001);
  await calls.does("users.delete", "DELETE", `/users/${made.id}?action=delete`, { status: 204 });
  await calls.refuses("users.delete", "DELETE", `/users/${made.id}?action=delete`, 404, 1001);
}

export async function checkMeetingCalls(calls, host) {
  const of = (name) => ["meetings", name];
  const body = {
    topic: "Calls", agenda: "marker-calls", type: 2, duration: 30, timezone: "UTC",
    settings: { waiting_room: true, join_before_host: false, approval_type: 0, allow_multiple_devices: true },
  };
  const reads = ["id", "host_id", "join_url", "start_url", "settings.waiting_room", "settings.join_before_host", "settings.approval_type"];
  const path = `/users/${encodeURIComponent(host)}/meetings`;
  const made = await calls.does("meetings.create", "POST", path, {
    body, status: 201, type: of("MeetingsCreateMeetingResponse"), needs: reads,
  });
  await calls.refuses("meetings.create", "POST", "/users/nobody/meetings", 404, 1001, body);
  await calls.refuses("meetings.create", "POST", path, 400, 300, { ...body, duration: "long" });
  const meeting = `/meetings/${made.id}`;
  await calls.does("meetings.get", "GET", meeting, { type: of("MeetingsGetMeetingResponse"), needs: [...reads, "status"] });
  await calls.refuses("meetings.get", "GET", "/meetings/1234567890", 404, 3001);
  await calls.does("meetings.list", "GET", `${path}?page_size=300`, {
    type: of("MeetingsListMeetingsResponse"), needs: ["meetings.id", "meetings.agenda", "next_page_token"],
  });
  await calls.refuses("meetings.list", "GET", `${path}?type=nonsense`, 400, 300);
  await calls.does("meetings.update", "PATCH", meeting, { body: { settings: { waiting_room: false } }, status: 204 });
  await calls.refuses("meetings.update", "PATCH", "/meetings/1234567890", 404, 3001, { duration: 45 });
  await checkLinkCalls(calls, meeting, of);
  await calls.refuses("meetings.status", "PUT", `${meeting}/status`, 400, 3000, { action: "end" });
  return { id: made.id, start: made.start_url };
}

async function checkLinkCalls(calls, meeting, of) {
  const person = { email: "calls@visits.example", first_name: "Patient" };
  const added = await calls.does("registrants.add", "POST", `${meeting}/registrants`, {
    body: person, status: 201, type: of("MeetingsAddMeetingRegistrantResponse"), needs: ["registrant_id", "join_url"],
  });
  await calls.refuses("registrants.add", "POST", `${meeting}/registrants`, 400, 300, { ...person, email: "no address" });
  await calls.does("registrants.list", "GET", `${meeting}/registrants`, {
    type: of("MeetingsListMeetingRegistrantsResponse"), needs: ["registrants.id"],
  });
  await calls.refuses("registrants.list", "GET", "/meetings/1234567890/registrants", 404, 3001);
  await calls.does("registrants.status", "PUT", `${meeting}/registrants/status`, {
    body: { action: "cancel", registrants: [{ id: added.registrant_id }] }, status: 204,
  });
  await calls.refuses("registrants.status", "PUT", `${meeting}/registrants/status`, 400, 300, { action: "nonsense" });
  await calls.does("registrants.delete", "DELETE", `${meeting}/registrants/${added.registrant_id}`, { status: 204 });
  await calls.refuses("registrants.delete", "DELETE", `${meeting}/registrants/${added.registrant_id}`, 400, 300);
  await calls.does("meetings.invite_links", "POST", `${meeting}/invite_links`, {
    body: { ttl: 7200, attendees: [{ name: "Guest" }] }, status: 201, type: of("MeetingsCreateMeetingsInviteLinksResponse"),
    needs: ["attendees.name", "attendees.join_url"],
  });
  await calls.refuses("meetings.invite_links", "POST", `${meeting}/invite_links`, 400, 300, { attendees: [] });
}

// `people` puts two people into the meeting and gives the uuid of its instance.
export async function checkPastCalls(calls, { id }, people) {
  const of = (name) => ["meetings", name];
  const uuid = await people();
  await calls.refuses("meetings.delete", "DELETE", `/meetings/${id}`, 400, 3002);
  await calls.does("metrics.participants", "GET", `/metrics/meetings/${twice(uuid)}/participants?type=live`, {
    type: ["accounts", "DashboardsListMeetingParticipantsResponse"], needs: ["participants.user_id"],
  });
  await calls.does("meetings.status", "PUT", `/meetings/${id}/status`, { body: { action: "end" }, status: 204 });
  await calls.does("past_meetings.get", "GET", `/past_meetings/${twice(uuid)}`, {
    type: of("MeetingsGetPastMeetingDetailsResponse"), needs: ["uuid", "end_time"],
  });
  await calls.does("past_meetings.participants", "GET", `/past_meetings/${twice(uuid)}/participants?page_size=300`, {
    type: of("MeetingsGetPastMeetingParticipantsResponse"), needs: ["participants.id", "participants.join_time"],
  });
  await calls.does("past_meetings.instances", "GET", `/past_meetings/${id}/instances`, {
    type: of("MeetingsListPastMeetingInstancesResponse"), needs: ["meetings.uuid"],
  });
  await calls.does("report.participants", "GET", `/report/meetings/${twice(uuid)}/participants`, {
    type: of("ReportsGetMeetingParticipantReportsResponse"), needs: ["participants.participant_user_id"],
  });
  for (const [name, path] of [
    ["past_meetings.get", "/past_meetings/1234567890"],
    ["past_meetings.participants", "/past_meetings/1234567890/participants"],
    ["past_meetings.instances", "/past_meetings/1234567890/instances"],
    ["report.participants", "/report/meetings/1234567890/participants"],
    ["metrics.participants", `/metrics/meetings/${twice(uuid)}/participants?type=live`],
  ]) {
    await calls.refuses(name, "GET", path, 404, 3001);
  }
  await calls.does("meetings.delete", "DELETE", `/meetings/${id}?schedule_for_reminder=false`, { status: 204 });
  await calls.refuses("meetings.delete", "DELETE", `/meetings/${id}`, 404, 3001);
}

export async function checkAccountCalls(calls, settings) {
  const locks = ["accounts", "AccountsGetLockedSettingsResponse"];
  const values = ["accounts", "AccountsGetAccountSettingsResponse"];
  const security = "?option=meeting_security";
  await calls.does("accounts.lock_settings", "GET", "/accounts/me/lock_settings", {
    type: locks, needs: ["schedule_meeting.join_before_host"],
  });
  await calls.does("accounts.lock_settings", "GET", `/accounts/me/lock_settings${security}`, {
    type: locks, needs: ["meeting_security.waiting_room"],
  });
  await calls.does("accounts.settings", "GET", "/accounts/me/settings", {
    type: values, needs: ["schedule_meeting.join_before_host"],
  });
  const more = "meeting_security.waiting_room_options.more_options.move_participants_to_waiting_room_when_host_dropped";
  await calls.does("accounts.settings", "GET", `/accounts/me/settings${security}`, {
    type: values, needs: ["meeting_security.waiting_room", more],
  });
  const all = await settings();
  await settings({ ...all, groups: [{ id: "g-1", name: "Clinic", members: [], waiting_room_lock: true }] });
  const group = ["users", "GroupsGetLockedSettingsResponse"];
  const ofGroup = ["users", "GroupsGetGroupsSettingsResponse"];
  await calls.does("groups.list", "GET", "/groups?page_size=300", {
    type: ["users", "GroupsListGroupsResponse"], needs: ["groups.id", "groups.name", "total_records"],
  });
  await calls.does("groups.lock_settings", "GET", "/groups/g-1/lock_settings", { type: group, needs: ["schedule_meeting.join_before_host"] });
  await calls.does("groups.lock_settings", "GET", `/groups/g-1/lock_settings${security}`, { type: group, needs: ["meeting_security.waiting_room"] });
  await calls.refuses("groups.lock_settings", "GET", "/groups/none/lock_settings", 404, 4130);
  await calls.does("groups.settings", "GET", "/groups/g-1/settings", { type: ofGroup, needs: ["schedule_meeting.join_before_host"] });
  await calls.does("groups.settings", "GET", `/groups/g-1/settings${security}`, { type: ofGroup, needs: ["meeting_security.waiting_room"] });
  await calls.refuses("groups.settings", "GET", "/groups/none/settings", 404, 4130);
  await calls.refuses("groups.list", "GET", "/groups?page_size=none", 400, 300);
  await calls.does("accounts.plan_usage", "GET", "/accounts/me/plans/usage", { type: ["own", "ZoomPlanUsage"], needs: ["plan_base.hosts"] });
  // What these refuse is a scope that the app does not have, and so does every other call.
  await settings({ ...all, scopes: [] });
  const bare = new Calls({ ...calls, token: await calls.freshToken() });
  bare.refused = calls.refused;
  for (const [name, path] of [
    ["accounts.lock_settings", "/accounts/me/lock_settings"],
    ["accounts.settings", "/accounts/me/settings"],
    ["accounts.plan_usage", "/accounts/me/plans/usage"],
    ["users.list", "/users"],
    ["users.get", "/users/me"],
  ]) {
    await bare.refuses(name, "GET", path, 400, 4711);
  }
  await settings(all);
}

// What every call may be answered, whichever it is.
export async function checkCommonRefusals(calls, fault) {
  const { status, answer } = await calls.send("GET", "/users/me", undefined, "no-token");
  calls.check("a token that is none is refused with 401/124", status === 401 && answer?.code === 124, JSON.stringify(answer));
  calls.fits("the refusal of a token", answer, ["own", "ZoomError"]);
  for (const [kind, type, more] of [["too_many_per_second", "QPS", "x-ratelimit-reset"], ["too_many_today", "Daily-limit", "retry-after"]]) {
    await fault({ call: "users.get", times: 1, kind });
    const limited = await calls.send("GET", "/users/me");
    const headers = ["x-ratelimit-category", "x-ratelimit-limit", "x-ratelimit-remaining", more];
    const told = headers.every((name) => limited.headers.has(name)) && limited.headers.get("x-ratelimit-type") === type;
    calls.check(`the limit ${type} is told in headers`, limited.status === 429 && told);
    calls.fits(`the limit ${type}`, limited.answer, ["own", "ZoomError"]);
  }
  const nothing = await calls.send("GET", "/nothing");
  calls.fits("the refusal of an unknown path", nothing.answer, ["own", "ZoomError"]);
}
