//! Users that stand for patients during a visit, as Zoom has them: each is made once, by its tag, and stays until it is removed.

use vestibule_domain::id::{Marker, ZoomUserId};
use vestibule_domain::intent::IntentOutcome;
use vestibule_domain::visit::participant::ParticipantKey;

use super::truth::Zooms;

/// Such a user.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// For whom.
    pub who: ParticipantKey,
    /// It was removed; nobody comes in as it any more.
    pub removed: bool,
}

impl Zooms {
    /// Makes the user, or finds it.
    pub(super) fn make_user(&mut self, who: &ParticipantKey, tag: &Marker) -> IntentOutcome {
        let user =
            self.stand_ins.entry(tag.clone()).or_insert_with(|| StandIn { who: who.clone(), removed: false });
        user.removed = false;
        IntentOutcome::UserMade { user: user_of_tag(tag) }
    }

    pub(super) fn remove_user(&mut self, tag: &Marker) -> IntentOutcome {
        if let Some(user) = self.stand_ins.get_mut(tag) {
            user.removed = true;
        }
        IntentOutcome::UserRemoved
    }

    /// For whom a user stands.
    #[must_use]
    pub fn stand_in(&self, user: &ZoomUserId) -> Option<&StandIn> {
        self.stand_ins.iter().find(|(tag, _)| user_of_tag(tag) == *user).map(|(_, user)| user)
    }

    /// The tags of all who were not removed.
    pub fn stand_ins_left(&self) -> impl Iterator<Item = (&Marker, &ParticipantKey)> {
        self.stand_ins.iter().filter(|(_, user)| !user.removed).map(|(tag, user)| (tag, &user.who))
    }
}

fn user_of_tag(tag: &Marker) -> ZoomUserId {
    ZoomUserId::new(format!("stands in by {tag}")).expect("printable")
}
