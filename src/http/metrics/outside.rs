//! What is known of Epic and Zoom by themselves, read when the metrics are asked for: their clocks, how long our keys are good, and who is told nothing
//! since an operator wants it so.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use vestibule_actors::port::clock::SharedClock;

use super::labels::of;
use crate::epic::EpicSites;
use crate::outbound::OtherClock;
use crate::pauses::Pauses;
use crate::zoom::ZoomAccounts;

/// The other sides of all organizations.
#[derive(Clone)]
pub struct Outside {
    pub epic: Arc<EpicSites>,
    pub zoom: Arc<ZoomAccounts>,
    pub pauses: Arc<Pauses>,
    pub clock: SharedClock,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

impl Collector for Outside {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.clocks(&mut encoder)?;
        self.keys(&mut encoder)?;
        self.paused(&mut encoder)?;
        self.zoom_stands(&mut encoder)?;
        self.zoom_counts(&mut encoder)
    }
}

impl Outside {
    fn clocks(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "How far the clock of an organization's Epic or Zoom is ahead of ours, by the Date of its last answer";
        let kind = ConstGauge::new(0.0).metric_type();
        let mut metric = encoder.encode_descriptor("clock_skew_seconds", help, None, kind)?;
        for clock in self.epic.clocks().chain(self.zoom.clocks()) {
            let Some(seconds) = seconds(&clock) else { continue };
            let labels = [of(clock.organization()), ("whose", clock.whose().into())];
            ConstGauge::new(seconds).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn keys(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Seconds until the private key that signs for an organization's Epic is due to be replaced, negative once it is over";
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut metric = encoder.encode_descriptor("private_key_due_seconds", help, None, kind)?;
        let now = self.clock.now();
        for (organization, config) in self.epic.configs() {
            let Some(due) = config.key_due(now) else { continue };
            ConstGauge::new(due.seconds()).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        Ok(())
    }

    fn paused(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "1 while an operator has paused an organization's notifier, so that Epic is told nothing";
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut metric = encoder.encode_descriptor("epic_notifier_paused", help, None, kind)?;
        let paused = self.pauses.all();
        for (organization, _) in self.epic.configs() {
            let is_paused = i64::from(paused.contains_key(&organization));
            ConstGauge::new(is_paused).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        Ok(())
    }
}

impl Outside {
    fn zoom_stands(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = ConstGauge::new(0_i64).metric_type();
        let help = "1 where an organization's Zoom account is called; 0 where nothing is asked of Zoom until an administrator has connected it";
        let mut metric = encoder.encode_descriptor("zoom_connected", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            let Some(connected) = seen.is_connected() else { continue };
            ConstGauge::new(i64::from(connected)).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        let help = "When Zoom last checked an organization's webhook, in seconds since 1970; it does so every 72 hours";
        let mut metric = encoder.encode_descriptor("zoom_webhook_checked", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            let Some(at) = seen.last_checked() else { continue };
            ConstGauge::new(at.0.div_euclid(1000)).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        let help = "Scopes that visits need and the last token of an organization's Zoom app did not have";
        let mut metric = encoder.encode_descriptor("zoom_scopes_missing", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            let Some(missing) = seen.missing().and_then(|missing| i64::try_from(missing).ok()) else {
                continue;
            };
            ConstGauge::new(missing).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        Ok(())
    }

    fn zoom_counts(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kind = ConstCounter::new(0_u64).metric_type();
        let help = "Refreshes of an organization's Zoom token, by what came of them: renewed, spent (the token is of no use any more), refused, in_doubt, unsaved";
        let mut metric = encoder.encode_descriptor("zoom_token_refreshes", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            for (outcome, count) in seen.refreshes() {
                let labels = [of(&organization), ("outcome", outcome.into())];
                ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
            }
        }
        let help = "Times that an organization's Zoom app was removed from its account";
        let mut metric = encoder.encode_descriptor("zoom_removals", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            ConstCounter::new(seen.removals()).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        let help = "Zoom users that were forgotten since the app was removed";
        let mut metric = encoder.encode_descriptor("zoom_forgotten", help, None, kind)?;
        for (organization, seen) in self.zoom.seen() {
            ConstCounter::new(seen.forgotten()).encode(metric.encode_family(&[of(&organization)])?)?;
        }
        Ok(())
    }
}

/// Seconds with their thousandths.
fn seconds(clock: &OtherClock) -> Option<f64> {
    let ahead = clock.ahead()?;
    // Hours of milliseconds are exact in an f64; a clock that is centuries off is no less wrong for being rounded.
    let millis = i32::try_from(ahead.0.clamp(i64::from(i32::MIN), i64::from(i32::MAX))).ok()?;
    Some(f64::from(millis) / 1000.0)
}
