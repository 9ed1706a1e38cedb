//! Organizations that are made, changed and removed on their page while the service runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vestibule::configuration::{Keeping, Saved, Wanted};
use vestibule::sealing::Sealer;
use vestibule::simulator::people::Landing;
use vestibule::simulator::zoom::Device;
use vestibule::simulator::{LaunchKind, Simulator};
use vestibule::store::{EmbeddedSettings, EmbeddedStore};
use vestibule::system::{SystemClock, SystemRandomness};
use vestibule_actors::port::clock::Clock;
use vestibule_actors::port::store::{RecordQuery, SharedStore};
use vestibule_domain::id::{Csn, OrganizationId, VisitId, VisitKey};
use vestibule_domain::shard::Shard;
use vestibule_domain::time::{Moment, Span};

use super::another::{HILLSIDE, Said, fakes_of_another};
use super::house::{Answer, House, folder_with_key, free_port, read, until};

const CSN: &str = "10001";
const PROVIDER: &str = "EMP501";
/// A change is in force on every node within this.
pub(super) const IN_FORCE_WITHIN: Duration = Duration::from_secs(2);
pub(super) const SEALING: &str = "[store]\nsealing_keys = [\"a-key-of-more-than-thirty-two-characters\"]\n";
pub(super) const PAGE: &str = "/admin/hillside";

/// A house whose settings name one organization, the fakes of another, and what somebody types for it.
pub(super) async fn house() -> (House, Simulator, Said) {
    house_with(SEALING).await
}

pub(super) async fn house_with(settings: &str) -> (House, Simulator, Said) {
    let (folder, listen) = (folder_with_key(), free_port());
    let (other, mut said) = fakes_of_another(listen).await;
    let house = House::on(listen, folder, settings, |_| {}).await;
    said.push(("epic.private_keys", std::fs::read_to_string(house.file("key.pem")).unwrap()));
    (house, other, said)
}

impl House {
    async fn posts(&self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}{PAGE}/settings/{act}", self.url);
        let sent = self.http.post(url).timeout(Duration::from_secs(60)).send_form(&fields).await;
        read(sent).await
    }

    /// What came of a button, as the page will say it.
    pub(super) async fn does(&self, act: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.posts(act, fields).await;
        assert_eq!(answer.status, 303, "{act}: {}", answer.text());
        answer.header("location").strip_prefix(&format!("{PAGE}?note=")).unwrap().to_owned()
    }

    pub(super) async fn types(&self, said: &Said, base: &str, more: &[(&str, &str)]) -> String {
        let replaced = |key: &str| more.iter().any(|(other, _)| *other == key);
        let mut fields: Vec<(&str, &str)> =
            said.iter().filter(|(key, _)| !replaced(key)).map(|(key, text)| (*key, text.as_str())).collect();
        fields.extend(more);
        fields.push(("base", base));
        self.does("check", &fields).await
    }

    pub(super) async fn makes_hillside(&self, said: &Said) {
        let note = self.types(said, "0", &[("name", "Hillside Clinic")]).await;
        assert_eq!(note, "checked", "{}", self.get(PAGE).await.text());
        assert_eq!(self.does("save", &[]).await, "saved");
        self.until_served(true).await;
    }

    pub(super) async fn until_served(&self, served: bool) {
        let began = Instant::now();
        until("the change is in force", async || {
            let status = self.get("/epic/hillside/jwks.json").await.status;
            (status == if served { 200 } else { 404 }).then_some(())
        })
        .await;
        assert!(began.elapsed() < IN_FORCE_WITHIN, "{:?}", began.elapsed());
    }
}

/// A provider of the other organization launches; true where the visit opens and the light comes on.
pub(super) async fn opens(house: &House, other: &Simulator) {
    let url = other.epic().launch_url(LaunchKind::Provider, PROVIDER, CSN).unwrap();
    let mut browser = vestibule::simulator::people::Browser::new(house.http.clone(), other.url());
    let Landing::Zoom(link) = browser.open(&url).await.unwrap() else { panic!("no start link") };
    other.zoom().open(&link, "", Device::App).unwrap();
    until("the light is on", async || other.epic().is_connected(CSN, PROVIDER).then_some(())).await;
}

#[actix_web::test]
async fn an_organization_is_made_on_its_page_and_works_without_a_restart() {
    let (folder, listen) = (folder_with_key(), free_port());
    let (other, mut said) = fakes_of_another(listen).await;
    let mut house = House::furnished(listen, folder, SEALING, |_| {}).await;
    house.start_program().await;
    said.push(("epic.private_keys", std::fs::read_to_string(house.file("key.pem")).unwrap()));
    assert_eq!(house.get("/epic/hillside/jwks.json").await.status, 404);
    assert_eq!(house.get("/admin/new?id=hillside").await.header("location"), PAGE);
    assert!(house.get(PAGE).await.text().contains("There is no such organization so far"));
    house.makes_hillside(&said).await;
    opens(&house, &other).await;
    // A restart finds it again, its secrets too.
    house.stop_service().await;
    let ran = house.runs(&["check", "--organization", "hillside"]).await;
    let checked = format!("{}{}", ran.said, ran.complained);
    assert!(checked.contains("kept settings") && checked.contains("version 1 can be used"), "{checked}");
    assert!(checked.contains("zoom: token"), "{checked}");
    house.start_program().await;
    house.until_served(true).await;
    until("the visit is there", async || {
        (house.get(&format!("/api/v1/visits/hillside/{CSN}")).await.status == 200).then_some(())
    })
    .await;
    // No secret in the store's file, nor on a page.
    let file = std::fs::read_dir(house.file("store")).unwrap().map(|entry| entry.unwrap().path());
    let page = house.get(PAGE).await.text();
    let secrets: Vec<&String> =
        said.iter().filter(|(key, _)| key.contains("secret")).map(|(_, text)| text).collect();
    assert_eq!(secrets.len(), 2);
    house.stop_service().await;
    for path in file.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret stands in {}", path.display());
        }
    }
    for secret in secrets {
        assert!(!page.contains(secret.as_str()));
    }
    assert!(page.contains("given; stays as it is"));
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn what_is_wrong_stands_beside_its_field_and_nothing_is_in_force() {
    let (house, other, said) = house().await;
    let wrong = [("epic.fhir_base_url", "ftp://epic"), ("reopen_hours", "many"), ("admittance", "maybe")];
    assert_eq!(house.types(&said, "0", &wrong).await, "wrong");
    let page = house.get(PAGE).await.text();
    for told in ["must be a whole number", "is none of", "value=\"many\""] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let (_, choice) = page.split_once("<select id=\"admittance\"").unwrap();
    let choice = choice.split('>').next().unwrap();
    assert!(
        choice.contains("aria-describedby=\"admittance-help\"") && choice.contains("aria-invalid=\"true\""),
        "{choice}"
    );
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 3, "each that is wrong, and no other");
    assert_eq!(house.does("save", &[]).await, "wrong");
    assert_eq!(house.get("/epic/hillside/jwks.json").await.status, 404);
    // A page names no file of the machine.
    let note = house.types(&said, "0", &[("epic.client_secret_file", "/etc/passwd")]).await;
    assert_eq!(note, "checked", "what is no field is passed over");
    assert!(!house.get(PAGE).await.text().contains("passwd"));
    // Two organizations of one account differ in their environment.
    let lakeside = house.app().settings.organizations.values().next().unwrap().acc_id.clone();
    assert_eq!(house.types(&said, "0", &[("acc_id", &lakeside)]).await, "wrong");
    assert!(house.get(PAGE).await.text().contains("must differ from that of lakeside"));
    assert_eq!(house.posts("check", &[("base", "0"), ("name", "a"), ("name", "b")]).await.status, 400);
    assert_eq!(house.posts("check", &[("base", "x")]).await.status, 400);
    assert_eq!(house.posts("destroy", &[]).await.status, 404);
    assert_eq!(house.does("discard", &[]).await, "discarded");
    assert_eq!(house.does("save", &[]).await, "no-draft");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn a_save_whose_checks_failed_wants_to_be_forced_with_a_reason_and_is_marked() {
    let (house, other, said) = house().await;
    assert_eq!(house.types(&said, "0", &[("zoom.client_secret", "not-the-one")]).await, "failed");
    let page = house.get(PAGE).await.text();
    assert!(page.contains("zoom: token") && page.contains("data-outcome=\"fail\""), "{page}");
    assert_eq!(house.does("save", &[]).await, "failed");
    assert_eq!(house.posts("save", &[("force", "on")]).await.status, 400, "without a reason");
    assert_eq!(house.does("save", &[("force", "on"), ("reason", "Zoom is down")]).await, "saved");
    house.until_served(true).await;
    let page = house.get(PAGE).await.text();
    assert!(page.contains("Saved although checks failed: <span lang=\"en\">zoom: token"), "{page}");
    let audit = house.get("/api/v1/audit?organization=hillside").await.text();
    assert!(audit.contains("settings_saved") && audit.contains("Zoom is down"), "{audit}");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn of_two_who_save_at_once_the_second_sees_what_the_first_changed() {
    let (house, other, said) = house().await;
    house.makes_hillside(&said).await;
    // Both began with version 1; secrets that are left empty stay.
    let plain: Said = said.iter().filter(|(key, _)| !is_secret(key)).cloned().collect();
    assert_eq!(house.types(&plain, "1", &[("help_phone", "555-0100")]).await, "checked");
    let elsewhere = house.configuration_of_somebody_else().await;
    assert_eq!(elsewhere, "saved");
    assert_eq!(house.does("save", &[]).await, "behind");
    let page = house.get(PAGE).await.text();
    assert!(
        page.contains("Somebody else has changed since you began") && page.contains("reopen_hours"),
        "{page}"
    );
    assert_eq!(house.does("rebase", &[]).await, "checked");
    assert_eq!(house.does("save", &[("reason", "the desk moved")]).await, "saved");
    until("both changes are in force", async || {
        let app = house.app();
        let hillside = app.settings.organization(HILLSIDE)?.1;
        let phone = hillside.help_phone.as_deref() == Some("555-0100");
        (phone && hillside.reopen == Duration::from_secs(5 * 3600)).then_some(())
    })
    .await;
    let third = house.get("/admin/hillside/versions/3").await.text();
    assert!(
        third.contains("help_phone") && third.contains("the desk moved") && !third.contains("reopen_hours")
    );
    // Back to the first: a draft, checked, then saved.
    assert_eq!(house.does("rollback", &[("version", "1")]).await, "checked");
    assert_eq!(house.does("save", &[]).await, "saved");
    until("the first is in force", async || {
        house.app().settings.organization(HILLSIDE)?.1.help_phone.is_none().then_some(())
    })
    .await;
    opens(&house, &other).await;
    assert_eq!(house.does("rollback", &[("version", "9")]).await, "no-version");
    other.stop().await;
    house.close().await;
}

fn is_secret(key: &str) -> bool {
    key.contains("secret") || key.contains("private_key")
}

impl House {
    /// Somebody with another name changes the hours in which a visit may be reopened.
    async fn configuration_of_somebody_else(&self) -> String {
        let app = self.app();
        let id = app.settings.organization(HILLSIDE).unwrap().0.clone();
        let newest = app.configuration.keeping.newest(&id).await.unwrap().unwrap();
        let mut values = newest.values.clone();
        values.insert("reopen_hours".to_owned(), "5".to_owned());
        let wanted = Wanted {
            base: newest.head.version,
            values,
            secrets: newest.secrets,
            by: "somebody else".to_owned(),
            reason: None,
            forced: Vec::new(),
            removed: false,
        };
        match app.configuration.keeping.save(&id, wanted).await.unwrap() {
            Saved::Done(_) => "saved".to_owned(),
            Saved::Behind => "behind".to_owned(),
        }
    }
}

#[actix_web::test]
async fn a_regenerated_api_key_makes_acc_id_needed_and_a_visit_goes_on() {
    let (house, other, mut said) = house().await;
    said.push(("org_id", "FirstKey".to_owned()));
    house.makes_hillside(&said).await;
    let by_key = "/epic/launch/patient?org_id=FirstKey&iss=x&launch=y";
    assert!(!house.get(by_key).await.text().contains("acc_id"));
    opens(&house, &other).await;
    assert_eq!(house.posts("api-key", &[]).await.status, 400, "without a reason");
    assert_eq!(house.does("api-key", &[("reason", "it was in a mail")]).await, "key-replaced");
    until("the former key wants acc_id", async || {
        let told = house.get(by_key).await;
        (told.status == 400 && told.text().contains("acc_id")).then_some(())
    })
    .await;
    let lines = house.get("/admin/hillside/fdi").await.text();
    assert!(lines.contains("acc_id=DemoZoomAccount2") && !lines.contains("FirstKey"), "{lines}");
    assert!(other.epic().is_connected(CSN, PROVIDER), "the visit is not harmed");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn settings_go_out_as_a_file_without_secrets_and_come_back_as_a_draft() {
    let (house, other, said) = house().await;
    house.makes_hillside(&said).await;
    let file = house.get("/admin/hillside/export").await;
    assert_eq!(file.header("content-type"), "application/toml");
    let text = file.text();
    assert!(
        text.contains("[organization.hillside]") && text.contains("name = \"Hillside Clinic\""),
        "{text}"
    );
    assert!(text.contains("# zoom.client_secret = \"...\"") && !text.contains("PRIVATE KEY"), "{text}");
    let changed = text.replace("Hillside Clinic", "Hillside Hospital");
    assert_eq!(house.does("import", &[("file", &changed)]).await, "checked");
    assert!(house.get(PAGE).await.text().contains("Hillside Hospital"));
    assert_eq!(house.does("save", &[]).await, "saved");
    for bad in ["", "[organization.a]\n[organization.b]\n", "x = ", "[server]\nlisten = \"x\"\n"] {
        assert_eq!(house.posts("import", &[("file", bad)]).await.status, 400, "{bad}");
    }
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn an_organization_of_the_files_is_shown_with_its_files_and_not_changed() {
    let (house, other, _) = house().await;
    let page = house.get("/admin/lakeside").await.text();
    assert!(page.contains("organization.lakeside.epic.client_id") && page.contains("a test"), "{page}");
    assert!(page.contains("********") && !page.contains("<form class=\"settings\""), "{page}");
    let url = format!("{}/admin/lakeside/settings/check", house.url);
    let told = read(house.http.post(url).send_form(&[("base", "0")]).await).await;
    assert_eq!(told.header("location"), "/admin/lakeside?note=of-files");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn an_administrator_of_one_organization_is_not_told_which_other_has_the_same_account() {
    let access = "[access]\nmode = \"token\"\ntokens = [\"master-of-everything\"]\n[access.grant.there]\ntoken = \"of-hillside-alone\"\n\
                  role = \"administrator\"\norganizations = [\"hillside\"]\n";
    let (house, other, said) = house_with(&format!("{SEALING}{access}")).await;
    let asks = async |by: &str, act: &str, fields: &[(&str, &str)]| {
        let sent = house.http.post(format!("{}{PAGE}/settings/{act}", house.url)).bearer_auth(by);
        read(sent.timeout(Duration::from_secs(60)).send_form(&fields).await).await
    };
    let alone = "of-hillside-alone";
    // It is for whoever has the role everywhere to make it.
    assert_eq!(asks(alone, "check", &[("base", "0")]).await.status, 404);
    let mut fields: Vec<(&str, &str)> = said.iter().map(|(key, text)| (*key, text.as_str())).collect();
    fields.push(("base", "0"));
    let master = "master-of-everything";
    assert!(asks(master, "check", &fields).await.header("location").ends_with("=checked"));
    assert!(asks(master, "save", &[]).await.header("location").ends_with("=saved"));
    let lakeside = house.app().settings.organization("lakeside").unwrap().1.acc_id.clone();
    let plain = said.iter().filter(|(key, _)| !is_secret(key)).map(|(key, text)| (*key, text.as_str()));
    let twin: Vec<(&str, &str)> = plain.chain([("base", "1"), ("acc_id", lakeside.as_str())]).collect();
    until("the organization is there for its administrator", async || {
        asks(alone, "check", &twin).await.header("location").ends_with("=wrong").then_some(())
    })
    .await;
    let bearer = format!("Bearer {alone}");
    let page = house.get_with(PAGE, &[("authorization", bearer.as_str())]).await.text();
    assert!(
        page.contains("contradicts another organization") && !page.contains("that of lakeside"),
        "{page}"
    );
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn without_a_sealing_key_no_secret_is_kept() {
    let (house, other, said) = house_with("").await;
    assert_eq!(house.types(&said, "0", &[]).await, "no-sealing-key");
    assert_eq!(house.does("save", &[]).await, "no-draft");
    other.stop().await;
    house.close().await;
}

#[actix_web::test]
async fn a_removed_organization_is_served_no_more_and_can_be_made_again() {
    let (house, other, said) = house().await;
    house.makes_hillside(&said).await;
    let why = ("reason", "the clinic has closed");
    assert_eq!(house.does("remove", &[why]).await, "not-confirmed");
    assert_eq!(house.does("remove", &[why, ("id", "hillside")]).await, "removed");
    house.until_served(false).await;
    let page = house.get(PAGE).await.text();
    assert!(page.contains("Removed by") && page.contains("the clinic has closed"), "{page}");
    assert_eq!(house.types(&said, "2", &[]).await, "checked");
    assert_eq!(house.does("save", &[]).await, "saved");
    house.until_served(true).await;
    opens(&house, &other).await;
    other.stop().await;
    house.close().await;
}

/// Two hours ago.
struct LongAgo;

impl Clock for LongAgo {
    fn now(&self) -> Moment {
        SystemClock.now() - Span::hours(2)
    }
}

async fn opens_at_lakeside(house: &House) {
    let url = house.epic().launch_url(LaunchKind::Provider, PROVIDER, CSN).unwrap();
    let Landing::Zoom(link) = house.browser().open(&url).await.unwrap() else { panic!("no start link") };
    house.zoom().open(&link, "", Device::App).unwrap();
    house.until_light(CSN, PROVIDER, true).await;
}

/// The store of a service that is stopped.
fn store_of(house: &House) -> SharedStore {
    let settings = EmbeddedSettings::new(house.file("store"));
    Arc::new(EmbeddedStore::open(settings, Arc::new(SystemClock)).unwrap())
}

/// How many visits, records, lines of a history and fields of its own the store has of an organization.
async fn kept_of(store: &SharedStore, organization: &str) -> [usize; 4] {
    let id = OrganizationId::new(organization).unwrap();
    let visit = VisitKey { organization: id.clone(), visit: VisitId::Csn(Csn::new(CSN).unwrap()) };
    let query = RecordQuery { organization: Some(id.clone()), limit: 100, ..RecordQuery::default() };
    let outbox = store.outbox(Shard::of_visit(&visit), None, 100).await.unwrap();
    assert!(outbox.iter().all(|entry| entry.visit.organization != id), "Epic has been told");
    [
        store.visits(Some(&id), None, 100).await.unwrap().items.len(),
        store.records(query).await.unwrap().items.len(),
        store.history(&visit).await.unwrap().lines.len(),
        store.organization_forget(&id, "", 100).await.unwrap(),
    ]
}

#[actix_web::test]
async fn an_hour_after_its_removal_nothing_of_an_organization_is_left_but_its_audit() {
    let (folder, listen) = (folder_with_key(), free_port());
    let (other, mut said) = fakes_of_another(listen).await;
    let settings = format!("{SEALING}[logging]\nfilter = \"info\"\n");
    let mut house = House::furnished(listen, folder, &settings, |_| {}).await;
    house.start_program().await;
    said.push(("epic.private_keys", std::fs::read_to_string(house.file("key.pem")).unwrap()));
    house.makes_hillside(&said).await;
    opens(&house, &other).await;
    opens_at_lakeside(&house).await;
    house.stop_service().await;
    let store = store_of(&house);
    let before = kept_of(&store, HILLSIDE).await;
    assert!(before[0] == 1 && before[1..].iter().all(|count| *count > 0), "{before:?}");
    let id = OrganizationId::new(HILLSIDE).unwrap();
    store.organization_put(&id, "a-token", 0, b"of Zoom".to_vec()).await.unwrap();
    let removal = Wanted {
        base: 1,
        values: BTreeMap::new(),
        secrets: BTreeMap::new(),
        by: "the desk".to_owned(),
        reason: None,
        forced: Vec::new(),
        removed: true,
    };
    let randomness = Arc::new(SystemRandomness);
    let keeping = Keeping::new(Arc::clone(&store), Arc::new(LongAgo), randomness, Sealer::new(&[]));
    let first = keeping.newest(&id).await.unwrap().unwrap().head;
    assert!(matches!(keeping.save(&id, removal).await.unwrap(), Saved::Done(2)));
    drop((keeping, store));
    // Whatever node runs goes on with it.
    house.start_program().await;
    until("it is forgotten", async || {
        house.log().contains("a removed organization is forgotten").then_some(())
    })
    .await;
    let audit = house.get("/api/v1/audit?organization=hillside").await.text();
    assert!(audit.contains("settings_saved"), "{audit}");
    let page = house.get("/audit?organization=hillside").await.text();
    assert!(page.contains("Saved settings") && page.contains("selected>hillside (not in force)<"), "{page}");
    // Made again it works, and knows nothing of before.
    said.push(("name", "Hillside Clinic".to_owned()));
    assert_eq!(house.types(&said, "2", &[]).await, "checked");
    house.stop_service().await;
    let store = store_of(&house);
    assert_eq!(kept_of(&store, HILLSIDE).await, [0; 4]);
    let lakeside = kept_of(&store, "lakeside").await;
    assert!(lakeside[..3].iter().all(|count| *count > 0), "{lakeside:?}");
    let keeping =
        Keeping::new(Arc::clone(&store), Arc::new(SystemClock), Arc::new(SystemRandomness), Sealer::new(&[]));
    assert!(keeping.version(&id, &first).await.unwrap().is_none());
    drop((keeping, store));
    house.start_program().await;
    assert_eq!(house.does("save", &[]).await, "saved");
    house.until_served(true).await;
    opens(&house, &other).await;
    other.stop().await;
    house.close().await;
}
