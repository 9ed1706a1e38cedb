//! What the waiting page says to one person: whether they may go in, and one honest sentence.

use vestibule_domain::intent::{ProblemCode, ZoomCall};
use vestibule_domain::name::Phi;
use vestibule_domain::policy::{PatientIdentity, Policy};
use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::admittance::Admit;
use vestibule_domain::visit::booking::Booking;
use vestibule_domain::visit::participant::{ParticipantKey, Role};
use vestibule_domain::visit::{self, CallState, Visit, WayIn};

use crate::web::{ClockTime, Language, MessageKey, Phase, VisitStatus, about};

/// After this a provider is told that it takes longer than is usual.
const LONGER_THAN_USUAL: Span = Span::seconds(15);

/// How the visit stands for one person, in a sentence.
pub(super) fn of(
    visit: Option<&Visit>,
    who: &ParticipantKey,
    policy: &Policy,
    now: Moment,
    zone: &str,
    language: Language,
) -> VisitStatus {
    let Some(visit) = visit else {
        return VisitStatus::new(language, Phase::Scheduled, false, MessageKey::ConnectionTrouble);
    };
    let phase = match visit.phase {
        visit::Phase::Scheduled => Phase::Scheduled,
        visit::Phase::WaitingForHost => Phase::WaitingForHost,
        visit::Phase::InProgress => Phase::InProgress,
        visit::Phase::Ended => Phase::Ended,
    };
    let way = visit.way_in(who, policy);
    let key = if visit.is_called_off_for(who) {
        MessageKey::VisitCancelled
    } else if who.role() == Role::Provider {
        provider_message(visit, who, way.as_ref(), now)
    } else {
        patient_message(visit, who, visit.admit(who, policy), way.as_ref())
    };
    let status = VisitStatus::new(language, phase, way.is_some(), key);
    let waits = key == MessageKey::WaitingForHost;
    let booking = visit.booking_of(who).filter(|_| waits);
    VisitStatus { about: booking.and_then(|booking| about_booking(booking, now, zone, language)), ..status }
}

/// Whom a patient waits for, as far as Epic says; and until when, where that changed.
fn about_booking(booking: &Booking, now: Moment, zone: &str, language: Language) -> Option<Phi> {
    let provider = booking.provider.as_ref().and_then(|provider| provider.name.as_ref());
    about(language, provider, booking.moved_to(now).map(|starts| ClockTime::of(starts, now, zone)))
}

fn provider_message(visit: &Visit, who: &ParticipantKey, way: Option<&WayIn<'_>>, now: Moment) -> MessageKey {
    let user = visit.participants.get(who).and_then(|person| person.zoom_user.as_ref());
    let not_taken = visit.meeting.as_ref().is_some_and(|m| user.is_some_and(|user| m.refused.contains(user)));
    // Somebody has to launch anew: nothing is under way, or what was has been given up.
    let nothing_wanted = visit.meeting.is_none() && visit.wants_meeting.is_none();
    let long = visit.provider_launched.is_some_and(|at| now - at > LONGER_THAN_USUAL);
    match way {
        Some(_) => MessageKey::YouCanJoin,
        None if not_taken => MessageKey::NotTakenAsHost,
        None if let Some(why) = own_user_cannot_be_had(visit, who) => why,
        None if nothing_wanted || gave_up(visit, |call| is_needed_by(call, who)) => {
            MessageKey::MeetingNotOpened
        }
        None if long => MessageKey::OpeningTakesLonger,
        None => MessageKey::OpeningMeeting,
    }
}

/// What keeps a provider from their Zoom user until somebody has done something about it.
fn own_user_cannot_be_had(visit: &Visit, who: &ParticipantKey) -> Option<MessageKey> {
    let own = |call: &ZoomCall| matches!(call, ZoomCall::EnsureProvider { provider, .. } if provider == who);
    let given_up =
        visit.calls.values().find(|open| open.state == CallState::Blocked && own(&open.intent.call))?;
    match given_up.problem? {
        ProblemCode::NoSeat => Some(MessageKey::NoZoomSeat),
        ProblemCode::UserPending => Some(MessageKey::ZoomInvitationOpen),
        ProblemCode::UserInactive => Some(MessageKey::ZoomUserInactive),
        ProblemCode::UserForeign => Some(MessageKey::ZoomUserForeign),
        ProblemCode::NoDefaultHost => Some(MessageKey::NoDefaultHost),
        _ => None,
    }
}

/// Whether a provider waits for this call; another one's Zoom user is nothing to them.
fn is_needed_by(call: &ZoomCall, who: &ParticipantKey) -> bool {
    match call {
        ZoomCall::EnsureProvider { provider, .. } => provider == who,
        ZoomCall::CreateMeeting { .. }
        | ZoomCall::FindMeetings { .. }
        | ZoomCall::IndexMeeting { .. }
        | ZoomCall::SetAlternativeHosts { .. } => true,
        ZoomCall::DeleteMeeting { .. }
        | ZoomCall::Register { .. }
        | ZoomCall::RemoveUser { .. }
        | ZoomCall::CancelRegistrants { .. }
        | ZoomCall::AskRegistration { .. }
        | ZoomCall::EndMeeting { .. }
        | ZoomCall::ReadMeeting { .. }
        | ZoomCall::ReadAttendance { .. } => false,
    }
}

/// Whether somebody waits since Zoom does not answer; it is asked again by itself.
pub(super) fn zoom_is_silent(visit: &Visit, who: &ParticipantKey) -> bool {
    let waits_for = |call: &ZoomCall| match call {
        ZoomCall::EnsureProvider { .. } | ZoomCall::CreateMeeting { .. } | ZoomCall::FindMeetings { .. } => {
            true
        }
        ZoomCall::Register { participant, .. } => participant == who,
        _ => false,
    };
    let unanswered = Some(ProblemCode::ZoomUnavailable);
    visit.calls.values().any(|open| open.problem == unanswered && waits_for(&open.intent.call))
}

fn gave_up(visit: &Visit, which: impl Fn(&ZoomCall) -> bool) -> bool {
    visit.calls.values().any(|open| open.state == CallState::Blocked && which(&open.intent.call))
}

fn patient_message(visit: &Visit, who: &ParticipantKey, admit: Admit, way: Option<&WayIn<'_>>) -> MessageKey {
    let is_own =
        |call: &ZoomCall| matches!(call, ZoomCall::Register { participant, .. } if participant == who);
    let no_registration = visit.meeting.as_ref().is_some_and(|meeting| {
        meeting.identity == PatientIdentity::Registrant && !meeting.answered.registration
    });
    match (admit, way) {
        (Admit::Go, Some(_)) => MessageKey::YouCanJoin,
        (Admit::GoToWaitingRoom, Some(_)) => MessageKey::GoingToWaitingRoom,
        (Admit::Go | Admit::GoToWaitingRoom, None) if no_registration || gave_up(visit, is_own) => {
            MessageKey::NoWayIn
        }
        // Admitted, but the personal link is still being made.
        (Admit::Go | Admit::GoToWaitingRoom, None) => MessageKey::MeetingBeingPrepared,
        (Admit::Wait, _) if visit.phase == visit::Phase::Ended => MessageKey::VisitEnded,
        (Admit::Wait, _) => MessageKey::WaitingForHost,
    }
}

#[cfg(test)]
mod tests {
    use vestibule_domain::id::{Marker, MeetingId, ZoomUserId};
    use vestibule_domain::intent::{Intent, IntentId, MeetingSettings, Personal};
    use vestibule_domain::visit::OpenCall;
    use vestibule_domain::visit::participant::Presence;

    use super::*;
    use crate::http::kit::{
        Kit, MEETING, NOW, csn, key, participant, patient, person, start_with_a_stranger, waiting,
    };
    use crate::web::message;

    fn dr() -> ParticipantKey {
        person(Role::Provider, "Practitioner/eDr")
    }

    fn eve() -> ParticipantKey {
        person(Role::Provider, "Practitioner/eEve")
    }

    fn user(name: &str) -> ZoomUserId {
        ZoomUserId::new(name).unwrap()
    }

    /// The meeting is made and indexed; "dr" hosts it, and "eve" has come as well.
    fn ready() -> Visit {
        let mut visit = waiting(key("10001"));
        for (who, name) in [(dr(), "host-at-zoom"), (eve(), "eve-at-zoom")] {
            let mut provider = participant("EMP1", Some(csn("10001")), Presence::Gone);
            provider.zoom_user = Some(user(name));
            visit.participants.insert(who, provider);
        }
        visit.provider_launched = Some(NOW);
        visit
    }

    fn blocked(mut visit: Visit, call: ZoomCall) -> Visit {
        let intent = Intent { id: IntentId(1), call, not_after: NOW, attempt: 1 };
        visit.calls.insert(IntentId(1), OpenCall { intent, state: CallState::Blocked, problem: None });
        visit
    }

    fn refused(visit: Visit, problem: ProblemCode) -> Visit {
        let mut visit = blocked(visit, ensure(dr()));
        visit.calls.get_mut(&IntentId(1)).unwrap().problem = Some(problem);
        visit
    }

    #[actix_web::test]
    async fn e15_a_provider_reads_what_keeps_them_from_their_zoom_user() {
        let kit = Kit::new();
        let unmade = without_meeting(ready(), true);
        for (problem, expected) in [
            (ProblemCode::NoSeat, MessageKey::NoZoomSeat),
            (ProblemCode::UserPending, MessageKey::ZoomInvitationOpen),
            (ProblemCode::UserInactive, MessageKey::ZoomUserInactive),
            (ProblemCode::UserForeign, MessageKey::ZoomUserForeign),
            (ProblemCode::NoDefaultHost, MessageKey::NoDefaultHost),
            (ProblemCode::UserRefused, MessageKey::MeetingNotOpened),
        ] {
            says(&kit, &refused(unmade.clone(), problem), &dr(), Span(0), expected);
            says(&kit, &refused(unmade.clone(), problem), &eve(), Span(0), MessageKey::OpeningMeeting);
        }
    }

    fn ensure(provider: ParticipantKey) -> ZoomCall {
        ZoomCall::EnsureProvider {
            provider,
            email: None,
            first_name: None,
            last_name: None,
            host_choice: Default::default(),
        }
    }

    fn create() -> ZoomCall {
        let settings = MeetingSettings { waiting_room: false, join_before_host: false, registration: true };
        ZoomCall::CreateMeeting { host: user("h"), marker: Marker::new("m").unwrap(), settings }
    }

    fn alternatives() -> ZoomCall {
        ZoomCall::SetAlternativeHosts { meeting: MEETING, host: user("h"), others: vec![user("eve-at-zoom")] }
    }

    fn register(participant: ParticipantKey) -> ZoomCall {
        ZoomCall::Register {
            participant,
            meeting: MEETING,
            display_name: Phi::new("Patient"),
            by: Personal::default(),
        }
    }

    fn without_meeting(mut visit: Visit, wanted: bool) -> Visit {
        visit.meeting = None;
        visit.wants_meeting = wanted.then(|| Marker::new("m").unwrap());
        visit
    }

    fn running(mut visit: Visit) -> Visit {
        start_with_a_stranger(&mut visit, "U1");
        visit
    }

    fn changed(mut visit: Visit, change: impl Fn(&mut visit::Meeting)) -> Visit {
        change(visit.meeting.as_mut().unwrap());
        visit
    }

    fn says(kit: &Kit, visit: &Visit, who: &ParticipantKey, later: Span, expected: MessageKey) {
        let policy = kit.app.settings.organizations.values().next().unwrap().policy(&kit.app.settings);
        let told = of(Some(visit), who, &policy, NOW + later, "America/Chicago", Language::English);
        assert_eq!(told.message, message(Language::English, expected), "{who:?}: {visit:#?}");
    }

    #[actix_web::test]
    async fn a_provider_reads_what_becomes_of_their_own_way_in() {
        use MessageKey::{MeetingNotOpened, NotTakenAsHost, OpeningMeeting, OpeningTakesLonger, YouCanJoin};
        let kit = Kit::new();
        let soon = Span(0);
        let late = Span(LONGER_THAN_USUAL.0 + 1);
        let unmade = || without_meeting(ready(), true);
        let taken = changed(ready(), |meeting| meeting.alternatives = [user("eve-at-zoom")].into());
        let refused = changed(ready(), |meeting| meeting.refused = [user("eve-at-zoom")].into());
        for (visit, who, later, expected) in [
            (ready(), dr(), soon, YouCanJoin),
            (ready(), eve(), soon, OpeningMeeting),
            (ready(), eve(), late, OpeningTakesLonger),
            (taken, eve(), soon, YouCanJoin),
            (refused.clone(), eve(), soon, NotTakenAsHost),
            (refused, dr(), late, YouCanJoin),
            (blocked(ready(), alternatives()), eve(), soon, MeetingNotOpened),
            (unmade(), dr(), soon, OpeningMeeting),
            (unmade(), dr(), late, OpeningTakesLonger),
            (blocked(unmade(), create()), dr(), soon, MeetingNotOpened),
            (blocked(unmade(), create()), eve(), soon, MeetingNotOpened),
            (blocked(unmade(), ensure(dr())), dr(), soon, MeetingNotOpened),
            (blocked(unmade(), ensure(dr())), eve(), soon, OpeningMeeting),
            (blocked(unmade(), register(patient())), dr(), soon, OpeningMeeting),
            (
                blocked(unmade(), ZoomCall::DeleteMeeting { meeting: MeetingId(1) }),
                dr(),
                soon,
                OpeningMeeting,
            ),
            (without_meeting(ready(), false), dr(), soon, MeetingNotOpened),
        ] {
            says(&kit, &visit, &who, later, expected);
        }
    }

    #[actix_web::test]
    async fn a_patient_reads_whether_their_link_is_being_made_or_cannot_be() {
        use MessageKey::{GoingToWaitingRoom, MeetingBeingPrepared, NoWayIn, WaitingForHost, YouCanJoin};
        let kit = Kit::new();
        let closed = |visit| changed(visit, |meeting| meeting.answered.registration = false);
        let manual = |visit| changed(visit, |meeting| meeting.answered.waiting_room = true);
        let linked = |mut visit: Visit| {
            let url = visit.meeting.as_ref().unwrap().join_url.clone();
            let link = visit::participant::Link { meeting: MEETING, url, good_until: None };
            visit.participants.get_mut(&patient()).unwrap().link = Some(link);
            visit
        };
        for (visit, expected) in [
            (ready(), WaitingForHost),
            (closed(ready()), WaitingForHost),
            (blocked(ready(), register(patient())), WaitingForHost),
            (running(ready()), MeetingBeingPrepared),
            (blocked(running(ready()), register(dr())), MeetingBeingPrepared),
            (blocked(running(ready()), register(patient())), NoWayIn),
            (closed(running(ready())), NoWayIn),
            (closed(manual(running(ready()))), NoWayIn),
            (linked(running(ready())), YouCanJoin),
            (linked(manual(running(ready()))), GoingToWaitingRoom),
            (linked(closed(running(ready()))), YouCanJoin),
        ] {
            says(&kit, &visit, &patient(), Span(0), expected);
        }
    }
}
