//! How many messages of one organization leave this node: in a minute, and at once. One more is refused, never kept for later, since whoever
//! asked for it waits at the page.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use vestibule_domain::id::OrganizationId;

use crate::settings::{Settings, Sms};

const MINUTE: Duration = Duration::from_secs(60);

/// The bounds of all organizations with a gateway.
#[derive(Debug, Clone)]
pub struct SmsLimits(BTreeMap<OrganizationId, Arc<Bounds>>);

#[derive(Debug)]
struct Bounds {
    places: Arc<Semaphore>,
    concurrent: usize,
    per_minute: usize,
    /// When the last messages left, oldest first; never more than `per_minute`.
    left: Mutex<VecDeque<Instant>>,
}

/// Which bound is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Rate,
    Concurrent,
}

impl Full {
    /// As the metrics name it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rate => "sms_rate",
            Self::Concurrent => "sms_concurrent",
        }
    }
}

impl SmsLimits {
    pub fn of(settings: &Settings) -> Self {
        let of_one = |sms: &Sms| {
            Arc::new(Bounds {
                places: Arc::new(Semaphore::new(sms.concurrent)),
                concurrent: sms.concurrent,
                per_minute: sms.messages_per_minute as usize,
                left: Mutex::default(),
            })
        };
        let organizations = settings.organizations.iter();
        Self(organizations.filter_map(|(id, one)| Some((id.clone(), of_one(one.sms.as_ref()?)))).collect())
    }

    /// The same for other settings: where an organization's bounds are what they were, what has left counts on.
    pub fn following(&self, settings: &Settings) -> Self {
        let mut next = Self::of(settings);
        for (id, bounds) in &mut next.0 {
            let same = |before: &&Arc<Bounds>| {
                (before.concurrent, before.per_minute) == (bounds.concurrent, bounds.per_minute)
            };
            if let Some(before) = self.0.get(id).filter(same) {
                *bounds = Arc::clone(before);
            }
        }
        next
    }

    /// A place for one message at `now`, held until it is dropped.
    ///
    /// # Errors
    /// [`Full`] where a bound is reached.
    pub fn place(&self, organization: &OrganizationId, now: Instant) -> Result<OwnedSemaphorePermit, Full> {
        let bounds = self.0.get(organization).ok_or(Full::Concurrent)?;
        let place = Arc::clone(&bounds.places).try_acquire_owned().map_err(|_| Full::Concurrent)?;
        let mut left = bounds.left.lock().unwrap_or_else(PoisonError::into_inner);
        while left.front().is_some_and(|first| *first + MINUTE <= now) {
            left.pop_front();
        }
        if left.len() >= bounds.per_minute {
            return Err(Full::Rate);
        }
        left.push_back(now);
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::kit::settings;
    use vestibule_actors::port::clock::instant;

    #[actix_web::test]
    async fn so_many_leave_in_a_minute_and_so_many_at_once() {
        let settings = settings(
            "[organization.lakeside.sms]\nurl = \"https://sms.example.org\"\nbody = '[\"{phone}{link}\"]'\n\
             messages_per_minute = 3\nconcurrent = 2\n",
        );
        let (lakeside, now) = (OrganizationId::new("lakeside").unwrap(), instant());
        let limits = SmsLimits::of(&settings);
        let first = limits.place(&lakeside, now).unwrap();
        let second = limits.place(&lakeside, now).unwrap();
        assert_eq!(limits.place(&lakeside, now).unwrap_err(), Full::Concurrent);
        drop((first, second));
        let _third = limits.place(&lakeside, now + MINUTE / 2).unwrap();
        assert_eq!(limits.place(&lakeside, now + MINUTE / 2).unwrap_err(), Full::Rate);
        assert!(limits.place(&lakeside, now + MINUTE).is_ok(), "the first two are a minute old");
        let other = OrganizationId::new("hillside").unwrap();
        assert_eq!(limits.place(&other, now).unwrap_err(), Full::Concurrent, "it has no gateway");
    }
}
