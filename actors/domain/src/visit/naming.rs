//! Who somebody in the meeting is, by the word of a provider who hears or sees them: of a telephone, or of a device without a personal
//! link, Zoom does not say whose it is.
//!
//! It holds for that device in that start of the meeting, and for what Zoom bound to it. What Zoom itself says goes before it.

use super::decide::Deciding;
use super::participant::ParticipantKey;
use super::session::SessionId;
use crate::id::InstanceUuid;
use crate::intent::ProblemCode;
use crate::time::Moment;
use serde::{Deserialize, Serialize};

/// One join of one device.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Device {
    /// In which start of the meeting.
    pub instance: InstanceUuid,
    /// Which one.
    pub session: SessionId,
}

/// What was said of a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Naming {
    /// When; what was said last stands.
    pub at: Moment,
    /// Whose it is; `None` takes back what was said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<ParticipantKey>,
}

impl Deciding<'_> {
    /// Somebody who takes no part in the visit has no light that could follow them, so that nothing is kept of such a word; nor of one
    /// about a meeting that is not heard of.
    pub(super) fn named(&mut self, device: &Device, who: Option<&ParticipantKey>, at: Moment) {
        let takes_part = who.is_none_or(|who| self.visit.participants.contains_key(who));
        let Some(instance) = self.visit.instances.get_mut(&device.instance).filter(|_| takes_part) else {
            return;
        };
        if !instance.name(&device.session, Naming { at, who: who.cloned() }) {
            self.sticky_problem(ProblemCode::HistoryFull);
        }
    }
}
