//! Patients and providers as the tests move them, step by step.

use serde_json::Value;
use vestibule::simulator::LaunchKind;
use vestibule::simulator::people::{Browser, Landing};
use vestibule::simulator::zoom::{Device, SeatAct, SeatId};

use super::house::{House, WITHIN, until};

/// Somebody on the waiting page.
pub struct Waiting<'a> {
    house: &'a House,
    pub browser: Browser,
    pub ticket: String,
    csn: String,
    who: String,
}

impl House {
    /// A launch in a fresh browser.
    pub async fn launch(&self, kind: LaunchKind, csn: &str, who: &str) -> (Browser, Landing) {
        let mut browser = self.browser();
        let url = self.epic().launch_url(kind, who, csn).unwrap();
        let landing = browser.open(&url).await.unwrap();
        (browser, landing)
    }

    /// A patient presses the button in MyChart and waits.
    pub async fn waits(&self, csn: &str, who: &str) -> Waiting<'_> {
        self.on_waiting_page(LaunchKind::Patient, csn, who).await
    }

    pub async fn on_waiting_page(&self, kind: LaunchKind, csn: &str, who: &str) -> Waiting<'_> {
        let (browser, landing) = self.launch(kind, csn, who).await;
        self.waiting_with(browser, &landing, csn, who)
    }

    /// Somebody whose launch has ended on a waiting page.
    pub fn waiting_with(&self, browser: Browser, landing: &Landing, csn: &str, who: &str) -> Waiting<'_> {
        let ticket = landing.ticket().unwrap_or_else(|| panic!("no waiting page: {}", shown(landing)));
        Waiting { house: self, ticket: ticket.to_owned(), browser, csn: csn.to_owned(), who: who.to_owned() }
    }

    /// The link to which a provider's launch leads, be it by the page that goes on by itself where Zoom is slow.
    pub async fn start_link(&self, csn: &str, who: &str) -> String {
        let (browser, landing) = self.launch(LaunchKind::Provider, csn, who).await;
        match landing {
            Landing::Zoom(link) => link,
            landing => self.waiting_with(browser, &landing, csn, who).join_link().await,
        }
    }

    /// A provider starts the visit.
    pub async fn starts(&self, csn: &str, who: &str) -> SeatId {
        let link = self.start_link(csn, who).await;
        self.sits_down(csn, who, &link)
    }

    /// Opens a link of Zoom's for a person.
    pub fn sits_down(&self, csn: &str, who: &str, link: &str) -> SeatId {
        let seat = self.zoom().open(link, "", Device::App).unwrap_or_else(|why| panic!("{who}: {why}"));
        self.fakes.ledger().claim(csn, who, &seat);
        seat
    }

    pub fn leaves(&self, seat: &str) {
        self.zoom().act(seat, &SeatAct::Leave).unwrap();
    }

    /// Waits until the visit knows that this many people are in its meeting.
    pub async fn until_inside(&self, csn: &str, number: usize) -> Value {
        let inside = |visit: &Value| {
            let all = visit["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
            all.iter().filter(|one| one["presence"] == "in_meeting").count() == number
        };
        self.until_visit(csn, &format!("{number} people are in the meeting"), inside).await
    }
}

impl Waiting<'_> {
    pub fn page(&self) -> String {
        format!("{}/visit/{}", self.house.url, self.ticket)
    }

    /// What the page is told when it asks.
    pub async fn state(&mut self) -> Value {
        let url = format!("{}/state", self.page());
        match self.browser.open(&url).await.unwrap() {
            Landing::Page { status: 200, body, .. } => serde_json::from_slice(&body).unwrap(),
            landing => panic!("no state: {}", shown(&landing)),
        }
    }

    pub async fn can_join(&mut self) -> bool {
        self.state().await["can_join"] == Value::Bool(true)
    }

    pub async fn until_can_join(&mut self) {
        let what = format!("{} can join {}", self.who, self.csn);
        until(&what, async || self.can_join().await.then_some(())).await;
    }

    /// Reads the page's events until one says that the person may join; gives all of them.
    pub async fn events_until_can_join(&mut self) -> Vec<Value> {
        let mut events = self.browser.events(&format!("{}/events", self.page())).await.unwrap();
        let mut seen = Vec::new();
        let listening = tokio::time::timeout(WITHIN, async {
            while let Some(event) = events.next().await {
                let ready = event["can_join"] == Value::Bool(true);
                seen.push(event);
                if ready {
                    return;
                }
            }
        });
        assert!(listening.await.is_ok(), "the page was never told: {seen:?}");
        seen
    }

    /// Presses "Join".
    pub async fn join(&mut self) -> Landing {
        let url = format!("{}/join", self.page());
        self.browser.press(&url).await.unwrap()
    }

    pub async fn join_link(&mut self) -> String {
        self.until_can_join().await;
        match self.join().await {
            Landing::Zoom(link) => link,
            landing => panic!("no link: {}", shown(&landing)),
        }
    }

    /// Goes into Zoom as soon as that is possible.
    pub async fn goes_in(&mut self) -> SeatId {
        let link = self.join_link().await;
        self.house.sits_down(&self.csn, &self.who, &link)
    }
}

/// A landing for a message: status and the words of a page.
pub fn shown(landing: &Landing) -> String {
    match landing {
        Landing::Zoom(_) => "a link of Zoom's".to_owned(),
        Landing::Page { url, status, body } => {
            format!("{status} at {url}: {}", String::from_utf8_lossy(body))
        }
    }
}
