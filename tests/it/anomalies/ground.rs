//! Where anomalies are played: one node on a file, or two on one Redis, with fakes of their own.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use vestibule::simulator::day::{VISITS_PER_PROVIDER, busy_day};
use vestibule::simulator::people::{Browser, Landing, connections};
use vestibule::simulator::zoom::{Device, SeatId, ZoomFault, ZoomFaultKind, signature};
use vestibule::simulator::{Appointment, FakeEpic, FakeZoom, LaunchKind, Person, SimulatorConfig};

use crate::hospital::site::{EMBEDDED, ORGANIZATION, Site};
use crate::hospital::until;
use crate::redis::Redis;

/// Everything that is waited for comes within this, or the test fails.
pub const WITHIN: Duration = Duration::from_secs(20);
/// Zoom's own deadline for an answer.
pub const DEADLINE: Duration = Duration::from_secs(3);
/// A minute of the fakes' own waits passes in a fifth of a second.
const TIME_SCALE: f64 = 300.0;
/// The visits are numbered from here.
const FIRST: usize = 6_000;
/// People who only launched are soon gone from their page, and meetings are not read besides what Zoom tells of them.
const QUICK: &str = "[organization.lakeside]\npage_presence_seconds = 1\n\
                     [page]\ncheck_after = \"10m\"\ncheck_every = \"10m\"\n\
                     [store.redis]\nconnect_timeout = \"5s\"\nanswer_timeout = \"5s\"\n";
/// What is durable when is tried elsewhere, and the disk of a machine that tests is slow.
const EASY: &str = "durability = \"everysec\"\n";

/// What keeps the visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    OnFile,
    OnRedis,
}

pub struct Ground {
    pub site: Site,
    /// Lives as long as the nodes that keep their visits there.
    _redis: Option<Redis>,
    turn: Cell<usize>,
    /// Visits that nobody has used yet begin here.
    fresh: Cell<usize>,
    http: awc::Client,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

/// So many visits, each with a provider, a colleague, a patient and somebody who acts for the patient.
fn day(visits: usize) -> Vec<Appointment> {
    let all = busy_day(FIRST, visits * VISITS_PER_PROVIDER, "lakeside.example");
    let mut day: Vec<Appointment> = all.into_iter().step_by(VISITS_PER_PROVIDER).collect();
    for visit in &mut day {
        let csn = &visit.csn;
        let mail = format!("second{csn}@lakeside.example");
        visit.providers.push(Person::new(
            &format!("eSec{csn}"),
            &format!("EMPS{csn}"),
            "Second",
            "Provider",
            &mail,
        ));
        visit.proxies.push(Person::new(&format!("eRel{csn}"), &format!("WPRX{csn}"), "Karin", "Proxy", ""));
    }
    day
}

impl Ground {
    pub async fn open(kept: Kept, visits: usize) -> Self {
        Self::with(kept, visits, "", |_| {}).await
    }

    /// With settings over the usual ones (`FAKES` stands for the fakes' address), and other fakes.
    pub async fn with(
        kept: Kept,
        visits: usize,
        settings: &str,
        fakes: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let mut ground = Self::furnished(kept, visits, settings, fakes).await;
        ground.site.start_all().await;
        ground
    }

    /// Everything but nodes that run.
    async fn furnished(
        kept: Kept,
        visits: usize,
        settings: &str,
        fakes: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let redis = (kept == Kept::OnRedis).then(|| Redis::start_with(&["--appendonly", "no"]));
        let url = redis.as_ref().map(Redis::url);
        Self { _redis: redis, ..Self::on(url, visits, settings, fakes).await }
    }

    /// The same on a Redis that somebody else keeps, or on a file.
    pub async fn on(
        redis: Option<String>,
        visits: usize,
        settings: &str,
        fakes: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let stores = match redis {
            Some(url) => vec![format!("url = \"{url}\"\n{EASY}accept_unsafe = true"); 2],
            None => vec![format!("{EMBEDDED}\n{EASY}")],
        };
        let mut site = Site::with(&stores, |config| {
            (config.time_scale, config.day) = (TIME_SCALE, day(visits));
            fakes(config);
        })
        .await;
        for (number, text) in [QUICK, settings].into_iter().enumerate() {
            let file = site.folder.path().join(format!("over-{number}.toml"));
            std::fs::write(&file, text.replace("FAKES", site.fakes.url())).unwrap();
            site.services.iter_mut().for_each(|service| service.add_settings(&file));
        }
        Self { site, _redis: None, turn: Cell::new(0), fresh: Cell::new(0), http: connections() }
    }

    pub fn epic(&self) -> &FakeEpic {
        self.site.fakes.epic()
    }

    pub fn zoom(&self) -> &FakeZoom {
        self.site.fakes.zoom()
    }

    /// An appointment that nobody has used yet.
    pub fn fresh(&self) -> Appointment {
        let number = self.fresh.replace(self.fresh.get() + 1);
        self.epic().day().get(number).cloned().expect("the day has more visits")
    }

    pub async fn close(self) {
        drop(self.site.services);
        self.site.fakes.stop().await;
    }

    /// The next node's address, in turns.
    pub fn next_node(&self) -> &str {
        let turn = self.turn.replace(self.turn.get() + 1);
        self.site.services[turn % self.site.services.len()].url()
    }

    pub fn zoom_fault(&self, call: &str, times: Option<u32>, fault: ZoomFaultKind) {
        assert!(self.zoom().add_fault(ZoomFault { call: call.to_owned(), times, fault }));
    }

    // === speaking as Zoom ===

    /// Sends an event to the next node; gives the status, 0 where no answer came in time.
    pub async fn event(&self, body: &str) -> u16 {
        self.event_to(self.next_node(), body).await
    }

    pub async fn event_to(&self, node: &str, body: &str) -> u16 {
        let now = jiff::Timestamp::now().as_second();
        let signature = signature(&self.zoom().account().webhook_secret, now, body);
        let signed = [("x-zm-signature", signature), ("x-zm-request-timestamp", now.to_string())];
        self.post(&format!("{node}/zoom/{ORGANIZATION}/webhook"), &signed, body).await
    }

    /// Posts a body under these headers; gives the status, 0 where no answer came in time.
    pub async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> u16 {
        let request =
            self.http.post(url).timeout(DEADLINE).insert_header(("content-type", "application/json"));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.insert_header((*name, value.as_str())));
        request.send_body(body.to_owned()).await.map_or(0, |answer| answer.status().as_u16())
    }

    /// A call to the fake API as an administrator's own program makes it.
    pub async fn as_administrator(&self, method: &str, path: &str, body: Value) -> u16 {
        let account = self.zoom().account();
        let form = [("grant_type", "account_credentials"), ("account_id", account.account_id.as_str())];
        let asked = self.http.post(format!("{}/zoom/oauth/token", self.site.fakes.url()));
        let asked = asked.basic_auth(&account.client_id, &account.client_secret).send_form(&form).await;
        let token: Value = asked.unwrap().json().await.unwrap();
        let url = format!("{}/zoom/v2/{path}", self.site.fakes.url());
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(token["access_token"].as_str().unwrap());
        let sent = if body.is_null() { request.send() } else { request.send_json(&body) };
        sent.await.unwrap().status().as_u16()
    }

    // === asking the service ===

    pub async fn get(&self, path: &str) -> Answer {
        self.get_of(self.next_node(), path).await
    }

    pub async fn get_of(&self, node: &str, path: &str) -> Answer {
        let sent = self.http.get(format!("{node}{path}")).send().await;
        let mut answer = sent.unwrap_or_else(|error| panic!("{path}: no answer: {error}"));
        let status = answer.status().as_u16();
        let body = answer.body().limit(8 << 20).await.unwrap();
        Answer { status, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// The visit of this CSN as the next node tells it.
    pub async fn visit(&self, csn: &str) -> Value {
        self.get(&format!("/api/v1/visits/{ORGANIZATION}/{csn}")).await.json()
    }

    /// Waits until the visit looks so.
    pub async fn until_visit(&self, csn: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let last = std::cell::RefCell::new(Value::Null);
        let look = async {
            loop {
                let visit = self.visit(csn).await;
                if is_so(&visit) {
                    return visit;
                }
                *last.borrow_mut() = visit;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(WITHIN, look).await {
            Ok(visit) => visit,
            Err(_) => panic!("{csn}: {what}: not within {WITHIN:?}: {:#}", last.borrow()),
        }
    }

    /// Waits until Epic's light of this person is so.
    pub async fn until_light(&self, csn: &str, who: &str, on: bool) {
        let what = format!("the light of {who} in {csn} to be {on}");
        until(&what, WITHIN, async || (self.epic().is_connected(csn, who) == on).then_some(())).await;
    }

    /// The values of all metrics of all nodes whose line has these words, summed.
    pub async fn metric(&self, words: &[&str]) -> f64 {
        let mut all = 0.0;
        for service in &self.site.services {
            let text = self.get_of(service.url(), "/metrics").await.text;
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let lines = lines.filter(|line| words.iter().all(|word| line.contains(word)));
            all += lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>();
        }
        all
    }

    /// What Epic was told of a person, in order: connected or not.
    pub fn told(&self, csn: &str, who: &str) -> Vec<bool> {
        let all = self.epic().requests_about(csn, who);
        all.iter().map(|one| one.connection_status == "1").collect()
    }

    // === people ===

    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), self.site.fakes.url())
    }

    /// A launch in a fresh browser. Where the machine is busy a node may be passed over for a moment, or the fakes may take too long for
    /// it; people press again then.
    pub async fn launch(&self, kind: LaunchKind, csn: &str, who: &str) -> (Browser, Landing) {
        until("an answer to a launch", WITHIN, async || {
            let mut browser = self.browser();
            let url = self.epic().launch_url(kind, who, csn).unwrap();
            let landing = browser.open(&url).await.ok()?;
            let busy = matches!(landing, Landing::Page { status: 500.., .. });
            (!busy).then_some((browser, landing))
        })
        .await
    }

    /// The link to Zoom that a launch leads to in the end, be it by the waiting page.
    pub async fn link(&self, kind: LaunchKind, csn: &str, who: &str) -> String {
        let (mut browser, landing) = self.launch(kind, csn, who).await;
        match landing {
            Landing::Zoom(link) => link,
            landing => self.link_of_page(&mut browser, &landing).await,
        }
    }

    /// Presses the page's button until it leads to Zoom.
    pub async fn link_of_page(&self, browser: &mut Browser, landing: &Landing) -> String {
        let ticket = landing.ticket().unwrap_or_else(|| panic!("no waiting page: {landing:?}")).to_owned();
        let join = format!("http://{}/visit/{ticket}/join", self.site.address);
        until("a way to Zoom", WITHIN, async || match browser.press(&join).await {
            Ok(Landing::Zoom(link)) => Some(link),
            _ => None,
        })
        .await
    }

    /// Opens a link of Zoom's for a person.
    pub fn sits_down(&self, csn: &str, who: &str, link: &str) -> SeatId {
        let seat = self.zoom().open(link, "", Device::App).unwrap_or_else(|why| panic!("{who}: {why}"));
        self.site.fakes.ledger().claim(csn, who, &seat);
        seat
    }

    /// A provider starts the visit in the fake Zoom itself.
    pub async fn starts(&self, csn: &str, who: &str) -> SeatId {
        let link = self.link(LaunchKind::Provider, csn, who).await;
        self.sits_down(csn, who, &link)
    }

    /// A patient launches and goes in as soon as that is possible.
    pub async fn goes_in(&self, csn: &str, who: &str) -> SeatId {
        let link = self.link(LaunchKind::Patient, csn, who).await;
        self.sits_down(csn, who, &link)
    }

    /// Waits until every event has been delivered and every light says what is true.
    pub async fn until_right(&self) {
        until("every light to be right", WITHIN, async || {
            let right = self.site.fakes.final_truth().iter().all(|person| person.right());
            (right && self.zoom().deliveries_pending() == 0).then_some(())
        })
        .await;
    }
}

/// A participant of a visit in the API's JSON.
pub fn participant<'a>(visit: &'a Value, who: &str) -> &'a Value {
    let all = visit["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|one| one["external_id"] == who).unwrap_or(&Value::Null)
}

/// Whether a visit in the API's JSON shows this problem.
pub fn has_problem(visit: &Value, code: &str) -> bool {
    let all = visit["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().any(|problem| problem["code"] == code)
}
