//! What the waiting page is told about its visit: the phase, whether this person may go in, and one sentence.

use serde::Serialize;
use vestibule_domain::name::Phi;

use super::error_page::Reason;
use super::language::Language;
use super::words;

/// The phases of a visit, as the page and the events name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Scheduled,
    WaitingForHost,
    InProgress,
    Ended,
}

impl Phase {
    /// The word of the API.
    pub fn code(self) -> &'static str {
        match self {
            Phase::Scheduled => "scheduled",
            Phase::WaitingForHost => "waiting_for_host",
            Phase::InProgress => "in_progress",
            Phase::Ended => "ended",
        }
    }
}

/// Every sentence that the waiting page can be told by the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKey {
    /// A patient, before the host is there.
    WaitingForHost,
    /// A patient whose provider has come and whose meeting is being made.
    MeetingBeingPrepared,
    /// A patient whose provider has come, and for whom no link can be made.
    NoWayIn,
    /// A provider whose meeting takes some seconds to make.
    OpeningMeeting,
    /// A provider whose meeting takes longer than is usual.
    OpeningTakesLonger,
    /// A provider whose meeting could not be made; opening the visit again tries anew.
    MeetingNotOpened,
    /// A further provider whom Zoom did not take as alternative host.
    NotTakenAsHost,
    /// A provider for whom no seat is free at Zoom.
    NoZoomSeat,
    /// A provider who has not accepted the invitation to Zoom.
    ZoomInvitationOpen,
    /// A provider whose Zoom user is deactivated.
    ZoomUserInactive,
    /// A provider whose address is another Zoom account's.
    ZoomUserForeign,
    /// A provider for whom a default host should stand in, and none is free.
    NoDefaultHost,
    /// Anyone who may go in now.
    YouCanJoin,
    /// A patient whom Zoom's waiting room will hold until the provider admits.
    GoingToWaitingRoom,
    /// A visit whose time has not come.
    NotYetTime,
    /// A visit that has ended; it may go on when the host starts it again.
    VisitEnded,
    /// A visit that was called off.
    VisitCancelled,
    /// The service cannot see the visit for the moment.
    ConnectionTrouble,
}

impl MessageKey {
    pub const ALL: [MessageKey; 18] = [
        MessageKey::WaitingForHost,
        MessageKey::MeetingBeingPrepared,
        MessageKey::NoWayIn,
        MessageKey::OpeningMeeting,
        MessageKey::OpeningTakesLonger,
        MessageKey::MeetingNotOpened,
        MessageKey::NotTakenAsHost,
        MessageKey::NoZoomSeat,
        MessageKey::ZoomInvitationOpen,
        MessageKey::ZoomUserInactive,
        MessageKey::ZoomUserForeign,
        MessageKey::NoDefaultHost,
        MessageKey::YouCanJoin,
        MessageKey::GoingToWaitingRoom,
        MessageKey::NotYetTime,
        MessageKey::VisitEnded,
        MessageKey::VisitCancelled,
        MessageKey::ConnectionTrouble,
    ];
}

/// The sentence for a person.
pub fn message(language: Language, key: MessageKey) -> &'static str {
    words::message(language, key)
}

/// What the page is drawn from, and, as JSON, the data of the `visit` event and of `GET /visit/{ticket}/state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitStatus {
    pub phase: Phase,
    /// `POST /visit/{ticket}/join` would now answer with this person's link.
    pub can_join: bool,
    pub message: &'static str,
    /// Who will see the patient, and when, where that changed; it may name the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Phi>,
    /// The visit was called off; there is nothing to wait for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// The person may not be here after all; the page that their address now leads to says why.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

impl VisitStatus {
    pub fn new(language: Language, phase: Phase, can_join: bool, key: MessageKey) -> VisitStatus {
        let cancelled = key == MessageKey::VisitCancelled;
        VisitStatus {
            phase,
            can_join,
            message: message(language, key),
            about: None,
            cancelled,
            refused: false,
        }
    }

    /// For somebody whose launch was refused.
    pub fn refused(language: Language, reason: Reason) -> VisitStatus {
        let message = words::reason(language, reason).what_happened;
        let (phase, can_join, refused) = (Phase::Scheduled, false, true);
        VisitStatus { phase, can_join, message, about: None, cancelled: false, refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_there_in_both_languages_and_differs() {
        for key in MessageKey::ALL {
            let [english, spanish] = Language::ALL.map(|language| message(language, key));
            assert!(english.len() > 10 && spanish.len() > 10, "{key:?}");
            assert_ne!(english, spanish, "{key:?}");
        }
    }

    #[test]
    fn the_patient_reads_the_sentence_that_zoom_promises() {
        let text = message(Language::English, MessageKey::WaitingForHost);
        assert_eq!(text, "Please wait for the host to start this meeting");
    }

    #[test]
    fn the_event_data_has_the_contract_names() {
        let status =
            VisitStatus::new(Language::English, Phase::WaitingForHost, false, MessageKey::WaitingForHost);
        let json = serde_json::to_value(status).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "phase": "waiting_for_host",
                "can_join": false,
                "message": "Please wait for the host to start this meeting",
            })
        );
        for phase in [Phase::Scheduled, Phase::WaitingForHost, Phase::InProgress, Phase::Ended] {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.code());
        }
    }
}
