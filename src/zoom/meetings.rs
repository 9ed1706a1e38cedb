//! Meetings: made for a visit, found again by its marker, read, and removed.

use awc::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use vestibule_domain::id::{Marker, MeetingId, ZoomUserId};
use vestibule_domain::intent::{
    CallFailure, IntentOutcome, MadeMeeting, MeetingSettings, ProblemCode, Retry,
};
use vestibule_domain::policy::PatientIdentity;
use vestibule_domain::time::{Moment, Span};

use super::answers::Meeting;
use super::error::RestError;
use super::pace::Label;
use super::providers::NO_SUCH_USER;
use super::rest::{Api, Call};
use crate::outbound::encode::{encode, with_query};
use crate::outbound::lenient::{meeting_id, text};

/// Seen by everybody in the meeting and in Zoom's reports: it names nobody.
const TOPIC: &str = "Video visit";
/// Zoom's largest page.
const PAGE_SIZE: &str = "300";
/// Pages of one list that are read. A host may make a hundred meetings in a day; this is more than two months of them.
const MOST_PAGES: u32 = 24;
/// A meeting that Zoom ended a moment ago can be deleted soon after.
const AFTER_ENDING: Span = Span::seconds(2);
/// What must be believed where Zoom does not say which settings hold: nothing of what admittance relies on.
const UNKNOWN: MeetingSettings =
    MeetingSettings { waiting_room: false, join_before_host: true, registration: true };

impl Api<'_> {
    // === making ===

    pub async fn create_meeting(
        &self,
        host: &ZoomUserId,
        marker: &Marker,
        settings: MeetingSettings,
    ) -> IntentOutcome {
        let minutes = (self.account.config.visit_duration.as_secs() / 60).max(1);
        let body = plan(self.clock.now(), minutes, marker, settings);
        let path = format!("/users/{}/meetings", encode(host.as_str()));
        let create = Call::with_body(Method::POST, &path, Label::Medium, body).of_host(host);
        let answer = self.call(&create).await;
        let meeting = match answer {
            Ok(body) => Meeting::read(&body, settings.registration),
            // The host was deleted, or never accepted the invitation.
            Err(RestError::Refused(refusal)) if refusal.has_code(&NO_SUCH_USER) => {
                return IntentOutcome::UserGone;
            }
            Err(error) => return error.outcome_of_post(),
        };
        // A success that cannot be read may be a meeting all the same.
        let Some(meeting) = meeting else { return IntentOutcome::Ambiguous };
        let known = meeting.effective.is_some() && meeting.join_url.is_some();
        let read = if known { None } else { self.meeting(meeting.id).await.ok() };
        let made = made(read.unwrap_or(meeting), host);
        made.map_or(IntentOutcome::Ambiguous, IntentOutcome::Made)
    }

    // === finding ===

    /// Every meeting of the host that bears the marker. Those that run come first: people may be in there already.
    pub async fn find_meetings(&self, host: &ZoomUserId, marker: &Marker) -> IntentOutcome {
        let mut ids: Vec<MeetingId> = Vec::new();
        for list in ["live", "scheduled", "upcoming"] {
            match self.marked(host, marker, list).await {
                Ok(found) => found.into_iter().for_each(|id| {
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }),
                Err(error) => return error.outcome(),
            }
        }
        let mut found = Vec::new();
        for id in ids {
            match self.meeting(id).await {
                Ok(meeting) => found.extend(made(meeting, host)),
                Err(error) if error.refusal().is_some_and(|refusal| refusal.is_meeting_gone()) => {}
                Err(error) => return error.outcome(),
            }
        }
        IntentOutcome::Found(found)
    }

    async fn marked(
        &self,
        host: &ZoomUserId,
        marker: &Marker,
        list: &str,
    ) -> Result<Vec<MeetingId>, RestError> {
        let path = format!("/users/{}/meetings", encode(host.as_str()));
        let (mut ids, mut page_token) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let mut query = vec![("type", list), ("page_size", PAGE_SIZE)];
            if !page_token.is_empty() {
                query.push(("next_page_token", page_token.as_str()));
            }
            let body = self.call(&Call::get(&with_query(&path, &query), Label::Medium)).await?;
            let rows = body.get("meetings").and_then(Value::as_array).ok_or(RestError::InDoubt)?;
            ids.extend(
                rows.iter()
                    .filter(|row| text(row, "agenda").is_some_and(|agenda| marker.is_on(agenda)))
                    .filter_map(|row| meeting_id(row, "id")),
            );
            match text(&body, "next_page_token") {
                Some(next) => page_token = next.to_owned(),
                None => return Ok(ids),
            }
        }
        // "Not found" would be a lie, and a second meeting its consequence.
        tracing::warn!(pages = MOST_PAGES, "a host has more meetings in Zoom than are looked through");
        if ids.is_empty() { Err(RestError::InDoubt) } else { Ok(ids) }
    }

    // === reading ===

    pub async fn read_meeting(&self, meeting: MeetingId) -> IntentOutcome {
        if let Err(full) = self.account.paces.reading(self.store, self.deadline).await {
            return RestError::Paced(full.wait).outcome();
        }
        self.as_it_is(meeting).await
    }

    async fn as_it_is(&self, meeting: MeetingId) -> IntentOutcome {
        match self.meeting(meeting).await {
            Ok(Meeting { started, effective: Some(effective), .. }) => {
                IntentOutcome::Read { started, effective }
            }
            Ok(_) => RestError::InDoubt.outcome(),
            Err(error) => error.outcome_about_meeting(),
        }
    }

    async fn meeting(&self, meeting: MeetingId) -> Result<Meeting, RestError> {
        let body = self.call(&Call::get(&format!("/meetings/{meeting}"), Label::Light)).await?;
        let registration = self.account.config.patient_identity == PatientIdentity::Registrant;
        Meeting::read(&body, registration).ok_or(RestError::InDoubt)
    }

    // === changing and removing ===

    /// Asks once more for what the meeting was made with. Zoom says nothing to a change that it does not take, so it is read again.
    pub async fn ask_registration(&self, meeting: MeetingId, host: &ZoomUserId) -> IntentOutcome {
        let path = format!("/meetings/{meeting}");
        let body = json!({"settings": {"approval_type": 0}});
        let patch = Call::with_body(Method::PATCH, &path, Label::Light, body).of_host(host);
        if let Err(error) = self.call(&patch).await {
            return error.outcome_about_meeting();
        }
        self.as_it_is(meeting).await
    }

    /// Sets the whole list and says who of it stands: Zoom leaves users without a licence out and says nothing, or refuses the list.
    pub async fn set_alternative_hosts(
        &self,
        meeting: MeetingId,
        host: &ZoomUserId,
        others: &[ZoomUserId],
    ) -> IntentOutcome {
        let stand = async {
            let taken = self.take_alternative_hosts((meeting, host), others).await?;
            self.standing(meeting, &taken).await
        };
        match stand.await {
            Ok(stand) => IntentOutcome::AlternativesSet { stand },
            Err(error) => error.outcome_about_meeting(),
        }
    }

    /// Where Zoom refuses a list, nobody of it stands; so the list is built up again without those whom it is refused for.
    async fn take_alternative_hosts(
        &self,
        meeting: (MeetingId, &ZoomUserId),
        hosts: &[ZoomUserId],
    ) -> Result<Vec<ZoomUserId>, RestError> {
        match self.put_alternative_hosts(meeting, hosts).await {
            Ok(()) => return Ok(hosts.to_vec()),
            Err(error) if is_about_the_meeting(&error) => {}
            Err(error) => return Err(error),
        }
        let mut taken = Vec::new();
        for host in hosts.iter().filter(|_| hosts.len() > 1) {
            taken.push(host.clone());
            match self.put_alternative_hosts(meeting, &taken).await {
                Ok(()) => {}
                Err(error) if is_about_the_meeting(&error) => drop(taken.pop()),
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    async fn put_alternative_hosts(
        &self,
        (meeting, host): (MeetingId, &ZoomUserId),
        hosts: &[ZoomUserId],
    ) -> Result<(), RestError> {
        let list: Vec<&str> = hosts.iter().map(ZoomUserId::as_str).collect();
        let settings =
            json!({"alternative_hosts": list.join(";"), "alternative_hosts_email_notification": false});
        let path = format!("/meetings/{meeting}");
        let call =
            Call::with_body(Method::PATCH, &path, Label::Light, json!({"settings": settings})).of_host(host);
        self.call(&call).await.map(|_| ())
    }

    async fn standing(&self, meeting: MeetingId, hosts: &[ZoomUserId]) -> Result<Vec<ZoomUserId>, RestError> {
        let list = if hosts.is_empty() { Vec::new() } else { self.meeting(meeting).await?.alternative_hosts };
        let mut stand = Vec::new();
        for host in hosts {
            if self.stands(host, &list).await? {
                stand.push(host.clone());
            }
        }
        Ok(stand)
    }

    /// Whether a user is in the list, in which Zoom writes addresses whatever it was given.
    async fn stands(&self, host: &ZoomUserId, list: &[String]) -> Result<bool, RestError> {
        if list.contains(&host.as_str().to_lowercase()) {
            return Ok(true);
        }
        if list.is_empty() {
            return Ok(false);
        }
        let email = self.user(host.as_str()).await?.and_then(|user| user.email);
        Ok(email.is_some_and(|email| list.contains(&email.to_lowercase())))
    }

    /// Deletes a meeting, ending it first where it runs. One that is not there is as good as deleted.
    pub async fn delete_meeting(&self, meeting: MeetingId) -> IntentOutcome {
        let path = format!("/meetings/{meeting}");
        let silently = [("schedule_for_reminder", "false"), ("cancel_meeting_reminder", "false")];
        let path_of_delete = with_query(&path, &silently);
        let delete = Call::delete(&path_of_delete);
        let Err(error) = self.call(&delete).await else { return IntentOutcome::Deleted };
        if !error.refusal().is_some_and(|refusal| refusal.has_code(&[3002])) {
            return gone_is_deleted(error.outcome_about_meeting());
        }
        match self.end_meeting(meeting).await {
            IntentOutcome::Ended => {}
            other => return gone_is_deleted(other),
        }
        match self.call(&delete).await {
            Ok(_) => IntentOutcome::Deleted,
            Err(error) if error.refusal().is_some_and(|refusal| refusal.has_code(&[3002])) => {
                failed(ProblemCode::ZoomRefused, Retry::After(Some(AFTER_ENDING)))
            }
            Err(error) => gone_is_deleted(error.outcome_about_meeting()),
        }
    }

    /// Ends a meeting for everybody. A refusal of any other kind than that there is none means that it is not running.
    pub async fn end_meeting(&self, meeting: MeetingId) -> IntentOutcome {
        let path = format!("/meetings/{meeting}/status");
        let end = Call::with_body(Method::PUT, &path, Label::Light, json!({"action": "end"}));
        match self.call(&end).await {
            Ok(_) => IntentOutcome::Ended,
            Err(error) if is_about_the_meeting(&error) => IntentOutcome::Ended,
            Err(error) => error.outcome_about_meeting(),
        }
    }
}

/// Not about our credentials, a limit, or a meeting that is gone.
fn is_about_the_meeting(error: &RestError) -> bool {
    let refused = error.refusal().is_some_and(|refusal| !refusal.is_meeting_gone());
    refused && error.failure().retry == Retry::Never
}

fn gone_is_deleted(outcome: IntentOutcome) -> IntentOutcome {
    match outcome {
        IntentOutcome::MeetingGone => IntentOutcome::Deleted,
        other => other,
    }
}

fn failed(problem: ProblemCode, retry: Retry) -> IntentOutcome {
    IntentOutcome::Failed(CallFailure { problem, retry })
}

fn made(meeting: Meeting, host: &ZoomUserId) -> Option<MadeMeeting> {
    Some(MadeMeeting {
        meeting: meeting.id,
        host: meeting.host.unwrap_or_else(|| host.clone()),
        effective: meeting.effective.unwrap_or(UNKNOWN),
        join_url: meeting.join_url?,
        dial_in: meeting.dial_in,
    })
}

/// What is asked for. All mails are off: they would tell of a visit to whoever reads the mailbox.
fn plan(now: Moment, minutes: u64, marker: &Marker, settings: MeetingSettings) -> Value {
    json!({
        "topic": TOPIC,
        "type": 2,
        "start_time": utc(now),
        "duration": minutes,
        "timezone": "UTC",
        "agenda": marker.as_str(),
        "settings": {
            "waiting_room": settings.waiting_room,
            "join_before_host": settings.join_before_host,
            "approval_type": if settings.registration { 0 } else { 2 },
            // People use a phone and a computer at once, and come back on another while Zoom still counts a dead one.
            "allow_multiple_devices": true,
            "registrants_email_notification": false,
            "registrants_confirmation_email": false,
            "email_notification": false,
            "alternative_hosts_email_notification": false,
            "auto_recording": "none",
            "use_pmi": false,
            "meeting_authentication": false,
        },
    })
}

/// `2026-11-23T17:00:00Z`, the one form that Zoom reads as UTC: whole seconds, and a Z.
fn utc(at: Moment) -> String {
    Timestamp::from_second(at.0.div_euclid(1000)).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_nobody_and_sends_no_mail() {
        let settings = MeetingSettings { waiting_room: true, join_before_host: false, registration: true };
        let body = plan(Moment(1_795_453_200_000), 60, &Marker::new("vst-1").unwrap(), settings);
        assert_eq!((&body["start_time"], &body["agenda"]), (&json!("2026-11-23T17:00:00Z"), &json!("vst-1")));
        assert_eq!((&body["topic"], &body["type"]), (&json!("Video visit"), &json!(2)));
        let asked = &body["settings"];
        assert_eq!((&asked["waiting_room"], &asked["approval_type"]), (&json!(true), &json!(0)));
        for mail in [
            "email_notification",
            "alternative_hosts_email_notification",
            "registrants_email_notification",
            "registrants_confirmation_email",
        ] {
            assert_eq!(asked[mail], json!(false), "{mail}");
        }
        let open = MeetingSettings { registration: false, ..settings };
        assert_eq!(
            plan(Moment(0), 1, &Marker::new("m").unwrap(), open)["settings"]["approval_type"],
            json!(2)
        );
    }
}
