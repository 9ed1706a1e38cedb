//! Every route as nobody, in each role, and as another organization's administrator, by the table in docs/roles.md.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use vestibule::simulator::Simulator;

use super::house::{Answer, House, read};
use super::story::next_message;

const CSN: &str = "10001";
const GROUP: &str = "90001";
const PATIENT: &str = "WPR1";
/// Each has a token of its own, `token-of-` and this.
const ROLES: [&str; 3] = ["viewer", "operator", "administrator"];
const FOREIGN: &str = "hillside-administrator";
const OF_ALL: &str = "all-viewer";
const MASTER: &str = "master-of-everything";

fn token(of: &str) -> String {
    format!("token-of-the-{of}")
}

/// Two organizations; grants in one of them, in the other, and in both.
async fn house() -> (House, Simulator) {
    let grant = |name: &str, role: &str, organizations: &str| {
        format!(
            "[access.grant.{name}]\ntoken = \"{}\"\nrole = \"{role}\"\norganizations = {organizations}\n",
            token(name)
        )
    };
    let here: String = ROLES.iter().map(|role| grant(role, role, "[\"lakeside\"]")).collect();
    let settings = format!(
        "[access]\nmode = \"token\"\ntokens = [\"{}\"]\nbreak_glass.token = \"{}\"\n\
         openid = {{ issuer = \"http://127.0.0.1:1\", client_id = \"vestibule\" }}\n{here}{}{}",
        token(MASTER),
        token("administrator-by-the-sealed-envelope"),
        grant(FOREIGN, "administrator", "[\"hillside\"]"),
        grant(OF_ALL, "viewer", "[\"*\"]"),
    );
    House::beside_another(&settings).await
}

/// A row of the table: the route, and the role that it needs, if any.
pub struct Row {
    method: String,
    pub path: String,
    pub needs: Option<String>,
}

/// The table.
pub fn rows() -> Vec<Row> {
    let page = include_str!("../../../docs/roles.md");
    let (_, table) = page.split_once("## Routes").unwrap();
    let row = |line: &str| {
        let (route, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (method, path) = route.split_once(' ')?;
        let (needs, _) = rest.split_once(" |")?;
        let needs = Some(needs.to_owned()).filter(|needs| needs != "none");
        Some(Row { method: method.to_owned(), path: path.to_owned(), needs })
    };
    table.lines().filter_map(row).collect()
}

impl Row {
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The same at the addresses where this stands in the place of a name in braces.
    fn at(&self, name: &str, place: &str) -> Self {
        Self { method: self.method.clone(), path: self.path.replace(name, place), needs: self.needs.clone() }
    }

    fn address(&self, organization: &str) -> String {
        let path = self.path.replace("{organization}", organization);
        path.replace("{csn}", CSN).replace("{conference_id}", GROUP).replace("{version}", "1")
    }

    /// The roles that may use it, of those in one organization.
    fn allowed(&self) -> BTreeSet<&'static str> {
        let needs = self.needs.as_deref().unwrap();
        let from = ROLES.iter().position(|role| *role == needs).unwrap_or(ROLES.len());
        ROLES.iter().skip(from).copied().collect()
    }
}

async fn description(house: &House) -> Value {
    let bearer = format!("Bearer {}", token(OF_ALL));
    house.get_with("/api/v1/openapi.json", &[("authorization", &bearer)]).await.json()
}

/// The rows that need a role. Each act of a route that has several is a row of its own: the description has them from the type that the
/// route reads them with, so that none is forgotten here.
async fn guarded(house: &House) -> Vec<Row> {
    let described = description(house).await;
    let acts = |row: &Row| -> Vec<String> {
        let operation = &described["paths"][&row.path][row.method.to_lowercase()];
        let parameters = operation["parameters"].as_array().unwrap();
        let act = parameters.iter().find(|one| one["name"] == "act").unwrap();
        let words = act["schema"]["enum"].as_array().unwrap();
        assert!(words.len() > 1, "{}: {words:?}", row.route());
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let with_role = rows().into_iter().filter(|row| row.needs.is_some());
    with_role
        .flat_map(|row| match row.path.contains("{act}") {
            true => acts(&row).iter().map(|act| row.at("{act}", act)).collect(),
            false => vec![row],
        })
        .collect()
}

/// Asks with a token, or none, and with the form that every form of these pages has at least.
async fn ask(house: &House, row: &Row, organization: &str, by: Option<&str>) -> Answer {
    let url = format!("{}{}", house.url, row.address(organization));
    let method = row.method.parse().unwrap();
    let request = house.http.request(method, url).insert_header(("accept", "*/*"));
    let request = match by {
        Some(by) => request.insert_header(("authorization", format!("Bearer {by}"))),
        None => request,
    };
    let form =
        [("instance", "none"), ("session", "none"), ("who", ""), ("reason", "a walk through all routes")];
    let sent = if row.method == "POST" { request.send_form(&form).await } else { request.send().await };
    match sent {
        // It goes on for as long as somebody waits; its head says whether they are let in.
        Ok(stream) if row.path.ends_with("/events") && stream.status() == 200 => {
            let (status, headers) = (stream.status().as_u16(), stream.headers().clone());
            Answer { status, headers, body: Bytes::new() }
        }
        sent => read(sent).await,
    }
}

fn kind(answer: &Answer) -> String {
    let text = answer.text();
    let problem: Option<Value> = serde_json::from_str(&text).ok();
    let kind = problem.and_then(|problem| Some(problem["type"].as_str()?.to_owned())).unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn the_table_has_every_route_and_no_other() {
    let (house, other) = house().await;
    let described = description(&house).await;
    let mut routes = BTreeSet::new();
    let mut guarded = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            if about.get("security").is_none() {
                guarded.insert(route.clone());
            }
            routes.insert(route);
        }
    }
    let rows = rows();
    let told: BTreeSet<String> = rows.iter().map(Row::route).collect();
    assert_eq!(told, routes);
    assert_eq!(told.len(), rows.len(), "none stands twice");
    let with_role = rows.iter().filter(|row| row.needs.is_some());
    assert_eq!(with_role.map(Row::route).collect::<BTreeSet<_>>(), guarded);
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn each_route_is_open_to_its_role_and_to_nobody_below() {
    let (house, other) = house().await;
    house.waits(CSN, PATIENT).await;
    for row in &guarded(&house).await {
        let nobody = ask(&house, row, "lakeside", None).await;
        assert!(matches!(nobody.status, 401 | 303), "{}: {}", row.route(), nobody.status);
        if nobody.status == 303 {
            let to = nobody.header("location");
            assert!(to.starts_with("/sign-in?next=") || to == "/sign-in?unsent=yes&next=", "{}", row.route());
        }
        for role in ROLES {
            let answer = ask(&house, row, "lakeside", Some(&token(role))).await;
            let told = format!("{} as {role}: {} {}", row.route(), answer.status, answer.text());
            if row.allowed().contains(role) {
                assert!(!matches!(answer.status, 401 | 403 | 500..), "{told}");
                assert!(!matches!(kind(&answer).as_str(), "unknown-organization" | "not-found"), "{told}");
            } else {
                assert_eq!((answer.status, kind(&answer).as_str()), (403, "not-allowed"), "{told}");
                assert!(answer.text().contains("needs the role"), "{told}");
            }
        }
        let master = ask(&house, row, "lakeside", Some(&token(MASTER))).await;
        assert!(!matches!(master.status, 401 | 403 | 500..), "{}: {}", row.route(), master.status);
    }
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn another_organizations_administrator_is_told_of_nothing() {
    let (house, other) = house().await;
    house.waits(CSN, PATIENT).await;
    let foreign = token(FOREIGN);
    let without_id = |answer: &Answer| {
        let mut problem: Value = serde_json::from_str(&answer.text()).unwrap();
        problem["correlation_id"].take();
        (answer.status, problem)
    };
    for row in &guarded(&house).await {
        let answer = ask(&house, row, "lakeside", Some(&foreign)).await;
        if row.path.contains("{organization}") {
            let nowhere = ask(&house, row, "nowhere", Some(&foreign)).await;
            assert_eq!(without_id(&answer), without_id(&nowhere), "{}", row.route());
            assert_eq!(
                (answer.status, kind(&answer).as_str()),
                (404, "unknown-organization"),
                "{}",
                row.route()
            );
        } else if row.path != "/api/v1/openapi.json" {
            let text = answer.text();
            assert!(
                !text.to_lowercase().contains("lakeside") && !text.contains(CSN),
                "{}: {text}",
                row.route()
            );
        }
    }
    for search in ["/records?organization=lakeside&csn=10001", "/records?organization=nowhere&csn=10001"] {
        let headers = [("authorization", format!("Bearer {foreign}"))];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = house.get_with(search, &headers).await;
        assert!(page.status == 400 && page.text().contains("Choose an organization"), "{search}");
    }
    house.close().await;
    other.stop().await;
}

/// What each route for everybody answers whoever brings nothing but its address, where it takes one with the ticket of a patient who waits in
/// another browser: some serve, and the others say what else they want, which is never a role. Of a webhook that is a signature.
const FOR_EVERYBODY: [(&str, u16, &str); 35] = [
    ("GET /", 200, ""),
    ("GET /assets/{path}", 200, ""),
    ("GET /healthz", 200, ""),
    ("GET /readyz", 200, ""),
    ("GET /sign-in", 200, ""),
    ("POST /sign-in", 400, "bad-request"),
    ("GET /sign-in/openid", 503, ""),
    ("GET /sign-in/openid/callback", 400, ""),
    ("GET /sign-in/break-glass", 200, ""),
    ("POST /sign-in/break-glass", 400, "bad-request"),
    ("POST /sign-out", 303, ""),
    ("GET /epic/launch/{kind}", 400, "missing-acc-id"),
    ("GET /epic/{organization}/launch/{kind}", 400, "missing-visit-context"),
    ("GET /epic/{organization}/launch/guest", 400, "link-unreadable"),
    ("POST /epic/{organization}/launch/guest", 400, "link-unreadable"),
    ("GET /epic/callback", 400, "link-used-or-expired"),
    ("GET /epic/{organization}/jwks.json", 200, ""),
    ("GET /logo/{hash}", 404, "not-found"),
    ("GET /visit/{ticket}", 200, ""),
    ("GET /visit/{ticket}/events", 200, ""),
    ("GET /visit/{ticket}/state", 200, ""),
    ("POST /visit/{ticket}/join", 403, "not-this-browser"),
    ("GET /visit/{ticket}/device-test", 403, "not-this-browser"),
    ("GET /device-test/{name}", 400, "link-used-or-expired"),
    ("GET /device-test/{name}/go", 400, "link-used-or-expired"),
    ("GET /visit/{ticket}/tools", 404, "not-found"),
    ("GET /visit/{ticket}/tools/people", 404, "not-found"),
    ("POST /visit/{ticket}/tools/end", 404, "not-found"),
    ("POST /visit/{ticket}/tools/guest", 404, "not-found"),
    ("POST /visit/{ticket}/tools/identify", 404, "not-found"),
    ("POST /visit/{ticket}/tools/revoke", 400, "bad-request"),
    ("POST /visit/{ticket}/tools/text", 400, "bad-request"),
    ("POST /zoom/{organization}/webhook", 401, "status"),
    ("GET /zoom/connect/{ticket}", 400, "stale"),
    ("GET /zoom/callback", 400, "stale"),
];

/// What an answer calls itself: a problem by its kind, a page that refuses by its reason.
fn told(answer: &Answer) -> String {
    let text = answer.text();
    let codes = text.split("<code").skip(1).filter_map(|after| after.split(['>', '<']).nth(1));
    let reason = codes.last().filter(|_| answer.status >= 400);
    Some(kind(answer)).filter(|kind| !kind.is_empty()).or(reason.map(str::to_owned)).unwrap_or_default()
}

#[actix_web::test]
async fn a_route_for_everybody_answers_each_alike_and_wants_no_role() {
    let (house, other) = house().await;
    let ticket = house.waits(CSN, PATIENT).await.ticket;
    let mut expected: BTreeMap<_, _> =
        FOR_EVERYBODY.into_iter().map(|(route, status, told)| (route, (status, told))).collect();
    for row in rows().iter().filter(|row| row.needs.is_none()) {
        let route = row.route();
        let expected = expected.remove(route.as_str());
        let (status, code) = expected.unwrap_or_else(|| panic!("{route}: what does it answer everybody?"));
        let row = row.at("{ticket}", &ticket).at("{kind}", "patient").at("{path}", "x/site.css");
        for by in [None, Some(FOREIGN), Some(MASTER)].into_iter().chain(ROLES.map(Some)) {
            let answer = ask(&house, &row, "lakeside", by.map(token).as_deref()).await;
            assert_eq!((answer.status, told(&answer).as_str()), (status, code), "{route} as {by:?}");
        }
    }
    assert!(expected.is_empty(), "no routes for everybody: {expected:?}");
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn a_list_and_its_cursors_are_of_what_is_seen() {
    let (house, other) = house().await;
    for (csn, patient) in [("10001", "WPR1"), ("10002", "WPR2"), ("10003", "WPR3")] {
        house.waits(csn, patient).await;
    }
    let visits = async |by: &str, query: &str| {
        let bearer = format!("Bearer {}", token(by));
        house.get_with(&format!("/api/v1/visits?{query}"), &[("authorization", &bearer)]).await.json()
    };
    let csns = |page: &Value| -> Vec<String> {
        page["visits"].as_array().unwrap().iter().map(|it| it["csn"].as_str().unwrap().to_owned()).collect()
    };
    for by in ["viewer", OF_ALL, MASTER] {
        let first = visits(by, "limit=2").await;
        assert_eq!(csns(&first), ["10001", "10002"], "{by}");
        let rest = visits(by, &format!("limit=2&cursor={}", first["cursor"].as_str().unwrap())).await;
        assert_eq!((csns(&rest), &rest["cursor"]), (vec!["10003".to_owned()], &Value::Null), "{by}");
        // A cursor of one reader shows another no more than their own.
        let cursor = first["cursor"].as_str().unwrap();
        let foreign = visits(FOREIGN, &format!("cursor={cursor}")).await;
        assert_eq!((csns(&foreign), &foreign["cursor"]), (Vec::new(), &Value::Null));
    }
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn a_board_shows_what_its_reader_may_see() {
    let (house, other) = house().await;
    house.waits(CSN, PATIENT).await;
    let open = async |by: &str| {
        let address = format!("ws{}/ops/stream", house.url.trim_start_matches("http"));
        let request =
            awc::Client::default().ws(address).header("authorization", format!("Bearer {}", token(by)));
        let (_, stream) = request.connect().await.unwrap();
        stream
    };
    let mut seen = open("viewer").await;
    let mut unseen = open(FOREIGN).await;
    assert_eq!(next_message(&mut seen).await["visits"][0]["csn"], CSN);
    assert_eq!(next_message(&mut unseen).await["visits"], serde_json::json!([]));
    house.waits("10002", "WPR2").await;
    while next_message(&mut seen).await["visit"]["csn"] != "10002" {}
    // A board of everything was told by now, too; this one goes on in silence.
    let silent = actix_web::rt::time::timeout(Duration::from_millis(300), next_message(&mut unseen)).await;
    assert!(silent.is_err(), "{silent:?}");
    house.close().await;
    other.stop().await;
}

#[actix_web::test]
async fn a_board_tells_of_the_pauses_that_its_reader_may_see_and_of_no_other() {
    let (house, other) = house().await;
    let open = async |by: &str| {
        let address = format!("ws{}/ops/stream", house.url.trim_start_matches("http"));
        let request =
            awc::Client::default().ws(address).header("authorization", format!("Bearer {}", token(by)));
        request.connect().await.unwrap().1
    };
    let pause = async |organization: &str, by: &str| {
        let url = format!("{}/admin/{organization}/notifier/pause", house.url);
        let request = house.http.post(url).insert_header(("authorization", format!("Bearer {}", token(by))));
        read(request.send_form(&[("reason", "Epic is upgraded")]).await).await.status
    };
    let of = |message: &Value| -> Vec<String> {
        let all = message["organizations"].as_array();
        all.unwrap().iter().map(|one| one["organization"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(pause("hillside", FOREIGN).await, 303);
    let (mut ours, mut all) = (open("viewer").await, open(OF_ALL).await);
    assert_eq!(next_message(&mut all).await["type"], "snapshot");
    assert_eq!(of(&next_message(&mut all).await), ["hillside"]);
    assert_eq!(pause("lakeside", "viewer").await, 403);
    assert_eq!(pause("lakeside", FOREIGN).await, 404);
    assert_eq!(pause("lakeside", "operator").await, 303);
    assert_eq!(next_message(&mut ours).await["type"], "snapshot");
    assert_eq!(of(&next_message(&mut ours).await), ["lakeside"], "the first that it is told of");
    assert_eq!(of(&next_message(&mut all).await), ["hillside", "lakeside"]);
    house.close().await;
    other.stop().await;
}
