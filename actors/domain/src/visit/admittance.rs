//! Who may go in now. A pure function; whatever it does not know, waits (invariant I6).

use super::participant::Role;
use crate::intent::MeetingSettings;
use crate::policy::Admittance;
use serde::{Deserialize, Serialize};

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admit {
    /// Stay on our page.
    Wait,
    /// Into the meeting.
    Go,
    /// Into Zoom's waiting room, where the host admits.
    GoToWaitingRoom,
}

/// What is known of the meeting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeetingNow {
    /// The policy that the meeting was made under.
    pub policy: Admittance,
    /// The settings that Zoom says hold, whatever was asked for.
    pub effective: MeetingSettings,
    /// An instance is live.
    pub live: bool,
    /// The host, or an alternative host, is in the meeting.
    pub host_inside: bool,
}

/// Decides for one person.
///
/// Providers go in as soon as there is a meeting: they are the ones who start it. Everybody else waits until an instance is live. Where
/// the effective settings would let a patient be alone in the meeting, he waits for the host himself: join before host that is on
/// although it was asked off, and a manual policy whose waiting room Zoom did not turn on.
#[must_use]
pub fn admit(role: Role, meeting: Option<MeetingNow>) -> Admit {
    let Some(meeting) = meeting else { return Admit::Wait };
    match role {
        Role::Provider => Admit::Go,
        Role::Patient | Role::Proxy | Role::Guest => admit_patient(meeting),
        Role::Unidentified => Admit::Wait,
    }
}

fn admit_patient(meeting: MeetingNow) -> Admit {
    if !meeting.live {
        return Admit::Wait;
    }
    if meeting.effective.waiting_room {
        return Admit::GoToWaitingRoom;
    }
    let nobody_would_admit = meeting.policy == Admittance::Manual;
    if (meeting.effective.join_before_host || nobody_would_admit) && !meeting.host_inside {
        return Admit::Wait;
    }
    Admit::Go
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting(
        policy: Admittance,
        waiting_room: bool,
        join_before_host: bool,
        live: bool,
        host_inside: bool,
    ) -> Option<MeetingNow> {
        let effective = MeetingSettings { waiting_room, join_before_host, registration: true };
        Some(MeetingNow { policy, effective, live, host_inside })
    }

    // I6: nobody gets a link that the policy does not allow.
    #[test]
    fn the_whole_table() {
        use Admit::{Go, GoToWaitingRoom, Wait};
        use Admittance::{Automatic, Manual};
        for role in [Role::Patient, Role::Proxy, Role::Guest] {
            assert_eq!(admit(role, None), Wait);
            for policy in [Automatic, Manual] {
                for (waiting_room, jbh, host) in
                    [(false, false, false), (true, false, true), (false, true, true), (true, true, true)]
                {
                    assert_eq!(
                        admit(role, meeting(policy, waiting_room, jbh, false, host)),
                        Wait,
                        "nothing is live"
                    );
                }
                assert_eq!(admit(role, meeting(policy, true, false, true, false)), GoToWaitingRoom);
                assert_eq!(admit(role, meeting(policy, true, true, true, false)), GoToWaitingRoom);
                assert_eq!(
                    admit(role, meeting(policy, false, true, true, false)),
                    Wait,
                    "alone with join before host"
                );
                assert_eq!(admit(role, meeting(policy, false, true, true, true)), Go);
            }
            assert_eq!(admit(role, meeting(Automatic, false, false, true, false)), Go);
            assert_eq!(
                admit(role, meeting(Manual, false, false, true, false)),
                Wait,
                "no waiting room to be admitted from"
            );
            assert_eq!(admit(role, meeting(Manual, false, false, true, true)), Go);
        }
        assert_eq!(admit(Role::Provider, None), Wait);
        assert_eq!(admit(Role::Provider, meeting(Manual, true, false, false, false)), Go);
        assert_eq!(admit(Role::Unidentified, meeting(Automatic, false, false, true, true)), Wait);
    }
}
