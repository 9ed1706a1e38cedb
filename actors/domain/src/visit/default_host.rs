//! What a provider makes do with who cannot have a Zoom user of their own as it should be: a default host of the account, or a user
//! without a licence. Their own is tried again at each of their launches.

use super::decide::Deciding;
use super::participant::ParticipantKey;
use super::{Meeting, Visit, WayIn};
use crate::id::{MeetingId, VisitKey, ZoomUserId};
use crate::intent::ProblemCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What decides which default host of the account may stand in for a provider of a visit.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HostChoice {
    /// For whom a default host is taken, see [`HostChoice::holder`].
    pub holder: String,
    /// Hosting this meeting keeps nobody from it: it is the visit's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<MeetingId>,
    /// Who is taken before any other, where they can be: whoever stood in and hosts the meeting, or stands in now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rather: Option<ZoomUserId>,
    /// Users by whom others of the visit come: two people of one user could not be told apart.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not: BTreeSet<ZoomUserId>,
}

impl HostChoice {
    /// Names a provider in a visit.
    #[must_use]
    pub fn holder(visit: &VisitKey, provider: &ParticipantKey) -> String {
        format!("{}/{}", visit.to_text(), provider.to_text())
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a provider makes do with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// A default host of the account stands in, since their own user cannot be had for this reason.
    DefaultHost(ProblemCode),
    /// Their own user is a basic one, since no seat is free.
    Basic,
}

impl Instead {
    /// What is said of it on the board.
    pub(super) fn problems(self) -> [ProblemCode; 2] {
        match self {
            Self::DefaultHost(cause) => [ProblemCode::DefaultHostStandsIn, cause],
            Self::Basic => [ProblemCode::BasicUser, ProblemCode::NoSeat],
        }
    }
}

impl Visit {
    /// Who stands in is asked for at every launch of the provider, so that nobody is sent to one that is another's by now.
    pub(super) fn way_by_default_host<'a>(
        &'a self,
        meeting: &'a Meeting,
        user: &'a ZoomUserId,
    ) -> Option<WayIn<'a>> {
        let hosts = *user == meeting.host;
        (hosts || meeting.alternatives.contains(user)).then_some(WayIn::DefaultHost {
            meeting: meeting.id,
            user,
            join_url: (!hosts).then_some(&meeting.join_url),
        })
    }
}

impl Deciding<'_> {
    /// A default host stands in for one person of the visit only, or nobody could tell whose session is whose.
    pub(super) fn host_choice(&self, provider: &ParticipantKey) -> HostChoice {
        let visit = &self.visit;
        let mine = visit.participants.get(provider);
        let others = visit.participants.iter().filter(|(key, _)| *key != provider);
        HostChoice {
            holder: HostChoice::holder(&visit.key, provider),
            meeting: visit.meeting.as_ref().map(|meeting| meeting.id),
            rather: mine.and_then(|person| {
                let hosts = visit
                    .meeting
                    .as_ref()
                    .map(|m| &m.host)
                    .filter(|host| person.default_hosts.contains(*host));
                hosts.or(person.zoom_user.as_ref().filter(|_| person.has_default_host())).cloned()
            }),
            not: others.flat_map(|(_, person)| person.zoom_users()).cloned().collect(),
        }
    }

    /// A licence may have come free, or what kept them from their own user may be mended.
    pub(super) fn try_their_own_user_again(&mut self, provider: &ParticipantKey) {
        if let Some(person) = self.visit.participants.get_mut(provider) {
            person.zoom_user_in_doubt |=
                person.instead.is_some() || (person.zoom_user_unlicensed && person.zoom_user.is_some());
        }
    }
}
