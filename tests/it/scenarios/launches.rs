//! Launches that must not succeed: each gets its status and a page in plain words, and changes nothing.

use serde_json::{Value, json};
use url::Url;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::epic::{EpicFault, EpicFaultKind, IdTokenFault, LaunchOptions};
use vestibule::simulator::people::Landing;
use vestibule_actors::port::store::Space;

use super::house::{Answer, House, until};

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
/// What Epic says of its refusals, and nobody else may.
const EPICS_OWN_WORDS: [&str; 6] =
    ["invalid_", "OAuth2 Error", "unsupported", "is not available", "access_denied", "EPICS-OWN-WORDS"];

/// The page of a refusal: plain words, a reference, the reason's code, and nothing of Epic's.
pub fn is_plain(text: &str, code: &str) {
    assert!(text.contains(&format!(">{code}<")), "no {code} on: {text}");
    assert!(text.contains("What you can do") && text.contains("<html"), "{text}");
    for words in EPICS_OWN_WORDS {
        assert!(!text.contains(words), "{words} on: {text}");
    }
}

pub fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"));
    let reference = answer.header("x-correlation-id");
    assert!(reference.len() >= 16 && answer.text().contains(reference));
    is_plain(&answer.text(), code);
}

fn landed(landing: &Landing, status: u16, code: &str) {
    let Landing::Page { status: got, body, .. } = landing else { panic!("not refused: {landing:?}") };
    assert_eq!(*got, status, "{}", String::from_utf8_lossy(body));
    is_plain(&String::from_utf8_lossy(body), code);
}

/// A browser on its way: its cookie, and the address to which Epic sends it back.
pub struct OnTheWay {
    pub cookie: String,
    pub callback: String,
}

impl House {
    pub fn fresh_launch(&self, kind: LaunchKind, csn: &str, who: &str) -> Url {
        Url::parse(&self.epic().launch_url(kind, who, csn).unwrap()).unwrap()
    }

    async fn spoilt(&self, kind: LaunchKind, csn: &str, who: &str, options: LaunchOptions) -> Landing {
        let url = self.epic().launch_url_with(kind, who, csn, options).unwrap();
        self.browser().open(&url).await.unwrap()
    }

    /// Through Epic's sign-in, up to the door to which it leads back.
    pub async fn on_the_way(&self, kind: LaunchKind, csn: &str, who: &str) -> OnTheWay {
        let url = self.fresh_launch(kind, csn, who);
        let to_epic = self.get(&format!("{}?{}", url.path(), url.query().unwrap())).await;
        assert_eq!(to_epic.status, 302, "{}", to_epic.text());
        let cookie = to_epic.header("set-cookie").split(';').next().unwrap().to_owned();
        let asked = self.http.get(to_epic.header("location")).send().await;
        let back = super::house::read(asked).await;
        let callback = back.header("location").strip_prefix(&self.url).unwrap().to_owned();
        OnTheWay { cookie, callback }
    }

    /// Launches of a kind that were refused with this code, by the metrics.
    async fn refusals(&self, kind: &str, code: &str) -> f64 {
        self.metric(&[
            "vestibule_launches_total",
            &format!("kind=\"{kind}\""),
            &format!("outcome=\"{code}\""),
        ])
        .await
    }

    pub async fn nothing_changed(&self) {
        let visits = self.get("/api/v1/visits?organization=lakeside").await.json();
        assert_eq!(visits["visits"], json!([]));
        assert!(self.zoom().meetings().is_empty());
        assert_eq!(self.epic().calls("status"), 0);
    }
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let house = House::open().await;
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let query = url.query().unwrap();
    for (path, code) in [
        ("/epic/nowhere/launch/patient", "unknown-organization"),
        ("/epic/Lakeside!/launch/patient", "unknown-organization"),
        ("/epic/lakeside/launch/surgeon", "not-found"),
    ] {
        is_refused(&house.get(&format!("{path}?{query}")).await, 404, code);
    }
    let strange = format!("/epic/launch/patient?{query}&acc_id=SomebodyElse");
    is_refused(&house.get(&strange).await, 404, "unknown-organization");
    // Programs that ask for what is not there read a problem document.
    for path in ["/epic/nowhere/jwks.json", "/visit/nothing/state", "/visit/nothing/events"] {
        let told = house.get(path).await;
        assert_eq!((told.status, told.header("content-type")), (404, "application/problem+json"), "{path}");
        assert_eq!(told.json()["status"], 404);
    }
    let page = house.get_with("/visit/nothing/state", &[("accept", "text/html")]).await;
    is_refused(&page, 404, "not-found");
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e3_only_the_organizations_own_epic_may_launch_and_no_other_is_ever_asked() {
    let house = House::open().await;
    let fake = house.fakes.url();
    // Somebody who would answer whoever asks.
    let evil = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    evil.set_nonblocking(true).unwrap();
    let evil_at = evil.local_addr().unwrap();
    for iss in [
        format!("http://{evil_at}/epic/api/FHIR/R4"),
        format!("http://{evil_at}"),
        "https://evil.example/api/FHIR/R4".to_owned(),
        format!("{fake}/epic/api/FHIR/DSTU2"),
        format!("{fake}.evil.example/epic/api/FHIR/R4"),
        "not an address".to_owned(),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("iss", &iss)
            .append_pair("launch", "x")
            .finish();
        is_refused(&house.get(&format!("/epic/lakeside/launch/provider?{query}")).await, 403, "foreign-iss");
    }
    assert_eq!(house.epic().calls("discovery"), 0);
    let asked = evil.accept();
    assert!(asked.as_ref().is_err_and(|why| why.kind() == std::io::ErrorKind::WouldBlock), "{asked:?}");
    // A slash at the end and the case of the host make no other Epic.
    let url = house.fresh_launch(LaunchKind::Provider, CSN, PROVIDER);
    let query = url.query().unwrap().replace("FHIR%2FR4", "FHIR%2FR4%2F");
    assert_eq!(house.get(&format!("{}?{query}", url.path())).await.status, 302);
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e9_a_launch_without_its_context_is_told_so() {
    let house = House::open().await;
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for missing in ["iss", "launch"] {
        let kept = pairs.iter().filter(|(name, _)| name != missing);
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
        is_refused(&house.get(&format!("{}?{query}", url.path())).await, 400, "missing-visit-context");
    }
    let without = |name: &str| LaunchOptions { without: vec![name.to_owned()], ..LaunchOptions::default() };
    landed(
        &house.spoilt(LaunchKind::Patient, CSN, PATIENT, without("csn")).await,
        400,
        "missing-visit-context",
    );
    let empty =
        LaunchOptions { context: [("csn".to_owned(), " ".to_owned())].into(), ..LaunchOptions::default() };
    landed(&house.spoilt(LaunchKind::Provider, CSN, PROVIDER, empty).await, 400, "missing-visit-context");
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e2_a_launch_by_query_needs_the_account_once_a_key_was_changed() {
    let house =
        House::with("[organization.lakeside]\norg_id = \"KEY2\"\nformer_org_ids = [\"KEY1\"]\n").await;
    let ask = async |more: &str| {
        let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
        house.get(&format!("/epic/launch/patient?{}{more}", url.query().unwrap())).await
    };
    for key in ["KEY1", "KEY2"] {
        let refused = ask(&format!("&org_id={key}")).await;
        is_refused(&refused, 400, "missing-acc-id");
        assert!(refused.text().contains("acc_id"), "the message names what is missing");
        assert_eq!(ask(&format!("&org_id={key}&acc_id=DemoZoomAccount1")).await.status, 302);
    }
    assert_eq!(ask("&acc_id=DemoZoomAccount1").await.status, 302);
    // An empty parameter is none, and without either the account is what is missing.
    for neither in ["", "&acc_id=", "&acc_id=&org_id=", "&org_id=KEY1&acc_id="] {
        let refused = ask(neither).await;
        is_refused(&refused, 400, "missing-acc-id");
        assert!(refused.text().contains("acc_id"), "{neither}");
    }
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e3_test_and_production_of_one_account_are_told_apart_by_iss() {
    let house = House::with(
        r#"
[organization.lakeside-live]
environment = "production"
epic = { fhir_base_url = "https://live.example.org/api/FHIR/R4", telehealth_base_url = "https://live.example.org", client_id = "live", private_key_files = ["key.pem"] }
zoom = { account_id = "DemoZoomAccount1", client_id = "x", client_secret = "x", webhook_secret_tokens = ["x"] }
"#,
    )
    .await;
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let query = url.query().unwrap();
    // Test's Epic at production's address.
    let mixed = house.get(&format!("/epic/lakeside-live/launch/patient?{query}")).await;
    is_refused(&mixed, 403, "wrong-environment");
    let by_account = house.get(&format!("/epic/launch/patient?{query}&acc_id=DemoZoomAccount1")).await;
    assert_eq!(by_account.status, 302);
    assert!(by_account.header("location").starts_with(house.fakes.url()), "iss picks the organization");
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e5_a_state_is_good_once_for_one_browser() {
    let house = House::open().await;
    let used = "link-used-or-expired";
    for forged in [
        "/epic/callback?code=x&state=forged",
        "/epic/callback?code=x",
        "/epic/callback?code=x&state=",
        "/epic/callback",
    ] {
        is_refused(&house.get(forged).await, 400, used);
    }
    let long = format!("/epic/callback?code=x&state={}", "s".repeat(5_000));
    is_refused(&house.get(&long).await, 400, used);
    assert_eq!(house.refusals("unknown", used).await, 5.0, "each is counted");

    let stolen = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
    is_refused(&house.get(&stolen.callback).await, 400, used);
    is_refused(&house.get_with(&stolen.callback, &[("cookie", &stolen.cookie)]).await, 400, used);
    let other = house.on_the_way(LaunchKind::Patient, "10002", "WPR2").await;
    is_refused(&house.get_with(&other.callback, &[("cookie", &stolen.cookie)]).await, 400, used);
    assert_eq!(house.epic().calls("token.authorization_code"), 0, "no code was brought to Epic");
    house.nothing_changed().await;

    let own = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
    let cookie = [("cookie", own.cookie.as_str())];
    assert_eq!(house.get_with(&own.callback, &cookie).await.status, 303);
    is_refused(&house.get_with(&own.callback, &cookie).await, 400, used);
    assert_eq!(house.epic().calls("token.authorization_code"), 1, "a replay reaches nobody");
    house.close().await;
}

#[actix_web::test]
async fn a_launch_that_contradicts_itself_is_refused_in_our_own_words() {
    let house = House::open().await;
    let url = house.fresh_launch(LaunchKind::Patient, CSN, PATIENT);
    let query = url.query().unwrap();
    for more in ["&iss=https%3A%2F%2Fevil.example", "&iss=", "&launch=other"] {
        let refused = house.get(&format!("{}?{query}{more}", url.path())).await;
        is_refused(&refused, 400, "link-unreadable");
    }
    let twice = format!("/epic/launch/patient?{query}&acc_id=DemoZoomAccount1&acc_id=SomebodyElse");
    is_refused(&house.get(&twice).await, 400, "link-unreadable");
    for query in ["state=a&state=b&code=x", "state=a&code=x&code=y", "state=a&error=x&error=y"] {
        is_refused(&house.get(&format!("/epic/callback?{query}")).await, 400, "link-unreadable");
    }
    is_refused(&house.get("/epic/callback?state=%ff%00&code=%").await, 400, "link-used-or-expired");
    assert_eq!(house.refusals("patient", "link-unreadable").await, 4.0);
    assert_eq!(house.refusals("unknown", "link-unreadable").await, 3.0);
    assert_eq!(house.refusals("unknown", "link-used-or-expired").await, 1.0);
    // The same said twice is no contradiction.
    let launch = url.query_pairs().find(|(name, _)| name == "launch").unwrap().1.into_owned();
    let again = format!("{}?{query}&launch={launch}&lang=en&lang=es", url.path());
    assert_eq!(house.get(&again).await.status, 302);
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e5_a_state_runs_out() {
    let house = House::with("[limits]\noauth_state_life = \"10s\"\n").await;
    let late = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
    let state = late.callback.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let app = house.app();
    let store = &app.desk.ports().store;
    assert!(store.get(Space::OauthState, state).await.unwrap().is_some());
    until("the state has run out", async || {
        store.get(Space::OauthState, state).await.unwrap().is_none().then_some(())
    })
    .await;
    let answer = house.get_with(&late.callback, &[("cookie", &late.cookie)]).await;
    is_refused(&answer, 400, "link-used-or-expired");
    assert_eq!(house.epic().calls("token.authorization_code"), 0);
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e6_what_epic_says_of_a_refusal_stays_between_us() {
    let house = House::open().await;
    for query in ["error=access_denied&error_description=EPICS-OWN-WORDS", "code=wrong-code"] {
        let on = house.on_the_way(LaunchKind::Patient, CSN, PATIENT).await;
        let state = on.callback.split("state=").nth(1).unwrap().split('&').next().unwrap();
        let back = format!("/epic/callback?state={state}&{query}");
        is_refused(&house.get_with(&back, &[("cookie", &on.cookie)]).await, 502, "epic-not-answering");
    }
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e7_an_identity_that_epic_did_not_sign_for_this_launch_is_nobodys() {
    let house = House::open().await;
    for fault in [
        IdTokenFault::WrongKey,
        IdTokenFault::UnknownKey,
        IdTokenFault::Expired,
        IdTokenFault::WrongAudience,
        IdTokenFault::WrongNonce,
        IdTokenFault::WrongIssuer,
        IdTokenFault::Unsigned,
        IdTokenFault::Missing,
    ] {
        house.epic().set_id_token_fault(Some(fault));
        let (_, landing) = house.launch(LaunchKind::Patient, CSN, PATIENT).await;
        landed(&landing, 403, "identity-not-confirmed");
    }
    house.nothing_changed().await;
    house.epic().set_id_token_fault(None);
    house.waits(CSN, PATIENT).await;
    house.close().await;
}

#[actix_web::test]
async fn e8_a_role_that_does_not_fit_the_launch_is_refused() {
    let house = House::open().await;
    for (kind, csn, who) in [
        (LaunchKind::Patient, CSN, PROVIDER),
        (LaunchKind::Provider, CSN, PATIENT),
        (LaunchKind::Provider, "10004", "WPR14"),
    ] {
        landed(&house.launch(kind, csn, who).await.1, 403, "role-mismatch");
    }
    house.nothing_changed().await;
    house.close().await;
}

#[actix_web::test]
async fn e11_a_visit_belongs_to_one_patient() {
    let house = House::open().await;
    let other = |id: &str| LaunchOptions { patient: Some(id.to_owned()), ..LaunchOptions::default() };
    // Who launches for themselves is the patient whom the launch names.
    landed(&house.spoilt(LaunchKind::Patient, CSN, PATIENT, other("ePatB")).await, 403, "other-patient");
    house.waits(CSN, PATIENT).await;
    let stranger =
        LaunchOptions { context: [("csn".to_owned(), CSN.to_owned())].into(), ..LaunchOptions::default() };
    landed(&house.spoilt(LaunchKind::Patient, "10002", "WPR2", stranger).await, 403, "other-patient");
    landed(&house.spoilt(LaunchKind::Provider, CSN, PROVIDER, other("ePatB")).await, 403, "other-patient");
    assert!(house.zoom().meetings().is_empty(), "a refused provider makes no meeting");
    let visit = house.visit(CSN).await;
    let people: Vec<&Value> = visit["participants"].as_array().unwrap().iter().collect();
    assert_eq!(people.len(), 1, "{people:?}");
    house.starts(CSN, PROVIDER).await;
    house.close().await;
}

#[actix_web::test]
async fn an_epic_that_does_not_answer_is_a_502() {
    // A failure is remembered for a moment, so that each has a house of its own; they mostly wait, so they do it together.
    let each = [
        ("discovery", EpicFaultKind::Status { status: 500 }),
        ("discovery", EpicFaultKind::Hang),
        ("discovery", EpicFaultKind::Drop),
        ("token", EpicFaultKind::Status { status: 503 }),
        ("token", EpicFaultKind::Hang),
        ("token", EpicFaultKind::Drop),
        ("jwks", EpicFaultKind::Status { status: 503 }),
        ("jwks", EpicFaultKind::Hang),
        ("jwks", EpicFaultKind::Drop),
    ]
    .map(|(call, fault)| async move {
        let house = House::with("[organization.lakeside.epic]\ntimeout = \"400ms\"\n").await;
        let what = format!("{call} {fault:?}");
        house.epic().add_fault(EpicFault { call: call.to_owned(), times: None, fault });
        let (_, landing) = house.launch(LaunchKind::Patient, CSN, PATIENT).await;
        // Calls are counted as they come in, so that each fault was really met.
        assert!(house.epic().calls(call) > 0, "{what}");
        landed(&landing, 502, "epic-not-answering");
        house.nothing_changed().await;
        house.epic().clear_faults();
        // Nothing of it sticks: Epic is back, and so are launches.
        let back = until("launches work again", async || {
            let landing = house.launch(LaunchKind::Patient, CSN, PATIENT).await.1;
            landing.ticket().map(str::to_owned)
        });
        assert!(!back.await.is_empty(), "{what}");
        house.close().await;
    });
    futures_util::future::join_all(each).await;
}

#[actix_web::test]
async fn e4_discovery_that_was_heard_once_serves_while_epic_is_down_and_none_is_made_where_the_settings_say_it()
 {
    let house = House::open().await;
    house.waits(CSN, PATIENT).await;
    house.waits("10002", "WPR2").await;
    assert_eq!(house.epic().calls("discovery"), 1);
    house.close().await;
    let house = House::with("[organization.lakeside.epic]\noauth_base_url = \"FAKES/epic/oauth2\"\n").await;
    house.waits(CSN, PATIENT).await;
    assert_eq!(house.epic().calls("discovery"), 0);
    house.close().await;
}
