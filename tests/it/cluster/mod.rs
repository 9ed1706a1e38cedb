//! Several nodes on a real Redis: killed, frozen, cut off, deployed over, and their Redis killed and failed over; nothing is lost, nothing
//! is owned twice, and the lights end right.
//!
//! `VESTIBULE_CRASH_SEED` repeats the choices of a run, `VESTIBULE_CHAOS_ROUNDS` makes it longer or shorter, and `VESTIBULE_CHAOS_ONLY=Kill`
//! leaves the harms whose names hold that.

mod chaos;
mod deploy;
mod failover;
mod slots;
mod unreadable;

use crate::hospital::site::Site;

/// What settings say of a store on a Redis that syncs once a second.
fn on(url: &str) -> String {
    format!("url = \"{url}\"\ndurability = \"everysec\"")
}

/// The number of a metric, of all nodes that answer together.
async fn counted(site: &Site, name: &str) -> u64 {
    let mut all = 0;
    for service in &site.services {
        let answer = awc::Client::default().get(format!("{}/metrics", service.url())).send().await;
        let Ok(mut answer) = answer else { continue };
        let Ok(text) = answer.body().limit(8 << 20).await else { continue };
        let text = String::from_utf8(text.to_vec()).unwrap();
        let of_it = text
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with([' ', '{']));
        all += of_it.filter_map(|rest| rest.rsplit(' ').next()?.parse::<u64>().ok()).sum::<u64>();
    }
    all
}
