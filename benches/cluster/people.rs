//! A hospital with people who are led step by step.

use std::fs;

use vestibule::simulator::people::{Browser, Landing, World, connections};
use vestibule::simulator::zoom::{Device, SeatId};
use vestibule::simulator::{Appointment, LaunchKind};

use super::hospital::site::Site;
use super::nodes::name;
use super::server::Server;

/// A hospital of so many nodes and visits; the nodes bear names, and none is started.
pub async fn hospital(redis: &Server, nodes: usize, visits: usize, time_scale: f64) -> Site {
    let site = Site::of_nodes(1, visits, time_scale, &vec![redis.settings(); nodes]).await;
    for number in 0..nodes {
        let file = site.folder.path().join(format!("settings-{number}.toml"));
        let settings = fs::read_to_string(&file).unwrap();
        let named = format!("name = \"{}\"", name(number));
        fs::write(&file, settings.replace("name = \"twin\"", &named)).unwrap();
    }
    site
}

/// One person of one visit with a browser.
pub struct Person<'a> {
    world: &'a World,
    visit: &'a Appointment,
    kind: LaunchKind,
    browser: Browser,
}

impl<'a> Person<'a> {
    pub fn new(world: &'a World, visit: &'a Appointment, kind: LaunchKind) -> Self {
        Self { world, visit, kind, browser: Browser::new(connections(), &world.public_url) }
    }

    pub fn external_id(&self) -> &str {
        match self.kind {
            LaunchKind::Provider => &self.visit.providers[0].external_id,
            _ => &self.visit.patient.external_id,
        }
    }

    /// Launches, once.
    pub async fn launch(&mut self) -> Landing {
        let url = self.world.epic.launch_url(self.kind, self.external_id(), &self.visit.csn).unwrap();
        self.browser.open(&url).await.unwrap()
    }

    /// Waits on the page until it may go on, and goes.
    pub async fn go_on(&mut self, landing: Landing) -> String {
        let ticket = match landing {
            Landing::Zoom(link) => return link,
            page => page.ticket().expect("a waiting page").to_owned(),
        };
        let page = format!("{}/visit/{ticket}", self.world.service_url);
        loop {
            let mut events = self.browser.events(&format!("{page}/events")).await.unwrap();
            while let Some(event) = events.next().await {
                if event["can_join"] == true {
                    break;
                }
            }
            drop(events);
            if let Landing::Zoom(link) = self.browser.press(&format!("{page}/join")).await.unwrap() {
                return link;
            }
        }
    }

    /// Takes a seat in the meeting.
    pub fn sit_down(&self, link: &str) -> SeatId {
        let seat = self.world.zoom.open(link, "", Device::App).unwrap();
        self.world.ledger.claim(&self.visit.csn, self.external_id(), &seat);
        seat
    }
}
