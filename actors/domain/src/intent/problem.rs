//! What can be wrong with a visit, in codes that programs read and sentences that say what to do.

use serde::{Deserialize, Serialize};

/// Problems of a visit, as the board and the API name them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The account's waiting-room setting is locked to another value than the policy needs.
    WaitingRoomLocked,
    /// The account's join-before-host setting is locked on.
    JoinBeforeHostLocked,
    /// Registration did not hold, so no personal links can be made.
    RegistrationUnavailable,
    /// Zoom refused to make a link with a patient's name.
    InviteLinkRefused,
    /// No user could be made for a patient: the account has no place for one, or may not make such users.
    PatientNoSeat,
    /// A patient's user exists but is not active.
    PatientUserPending,
    /// Zoom refused to make a patient's user.
    PatientUserRefused,
    /// Somebody changed the meeting's settings in Zoom.
    PolicyDrift,
    /// The meeting was deleted in Zoom.
    MeetingDeleted,
    /// No Zoom user could be found or made for a provider: no seat is free.
    NoSeat,
    /// The provider's Zoom user exists but has not accepted its invitation.
    UserPending,
    /// Zoom refused to make or find the provider's user.
    UserRefused,
    /// The provider's Zoom user was deactivated.
    UserInactive,
    /// The provider's address belongs to another Zoom account, or to a domain that this one does not manage.
    UserForeign,
    /// A default host of the account stands in for a provider.
    DefaultHostStandsIn,
    /// A default host should stand in for a provider, and none is free.
    NoDefaultHost,
    /// A provider's Zoom user is a basic one, since no seat is free.
    BasicUser,
    /// Zoom does not answer or answers with errors.
    ZoomUnavailable,
    /// Zoom refused our credentials or a scope is missing.
    ZoomUnauthorized,
    /// Nothing is asked of Zoom: its account is not connected, or the app was removed from it.
    ZoomNotConnected,
    /// The daily or per-second limit of Zoom is reached.
    ZoomRateLimited,
    /// Zoom refused the call for another reason.
    ZoomRefused,
    /// The meeting's host has no licence, so personal links cannot be made.
    HostUnlicensed,
    /// Zoom did not take a further provider as alternative host.
    AlternativeHostRefused,
    /// A launch carried no id under which Epic knows the person, so no light can be turned for them.
    NoExternalId,
    /// Epic refused a status for good; the record has a hint.
    UpdateParked,
    /// A command was set aside because it failed three times.
    CommandParked,
    /// More sessions, instances or meetings than a visit holds: what came beyond was not kept.
    HistoryFull,
    /// Somebody was admitted from the waiting room and has not come into the meeting.
    AdmittedNotEntered,
    /// Somebody is in the meeting, and no provider was ever seen there.
    NoProviderSeen,
    /// Epic says that the appointment was called off.
    CalledOff,
    /// Somebody of the patient's side has come, and no provider by the time that the visit should have begun.
    ProviderNotCome,
    /// A provider has come, and nobody of the patient's side.
    PatientNotCome,
}

// Messages about providers' users.
const NO_SEAT: &str = "Zoom has no free seat of the configured user type for a provider. Free or buy a licence, then launch again.";
const USER_REFUSED: &str =
    "Zoom refused to find or make the provider's user. Check the e-mail domain and the provisioning action.";
const USER_INACTIVE: &str =
    "The provider's Zoom user is deactivated. Activate it in Zoom; the provider's next launch then finds it.";
const USER_FOREIGN: &str = "The provider's address belongs to another Zoom account, or its domain is not one that this account manages. Move the user or the domain into this account, or change the address in Epic.";
const DEFAULT_HOST_STANDS_IN: &str = "A default host of the Zoom account stands in for a provider whose own Zoom user cannot be had; another problem of the visit says why. Their next launch tries their own again.";
const NO_DEFAULT_HOST: &str = "A provider's own Zoom user cannot be had, and no default host is free to stand in: each hosts one meeting at a time, and needs a licence. Add one to zoom.default_hosts, or mend the provider's user, which the log tells of; then they launch again.";
const BASIC_USER: &str = "No licence was free for a provider, so that their Zoom user is a basic one: Zoom ends a basic host's meetings after 40 minutes. A licence that comes free is given to them at their next launch.";

impl ProblemCode {
    /// Every code, in the order of their declaration.
    pub const ALL: [Self; 33] = [
        Self::WaitingRoomLocked,
        Self::JoinBeforeHostLocked,
        Self::RegistrationUnavailable,
        Self::InviteLinkRefused,
        Self::PatientNoSeat,
        Self::PatientUserPending,
        Self::PatientUserRefused,
        Self::PolicyDrift,
        Self::MeetingDeleted,
        Self::NoSeat,
        Self::UserPending,
        Self::UserRefused,
        Self::UserInactive,
        Self::UserForeign,
        Self::DefaultHostStandsIn,
        Self::NoDefaultHost,
        Self::BasicUser,
        Self::ZoomUnavailable,
        Self::ZoomUnauthorized,
        Self::ZoomNotConnected,
        Self::ZoomRateLimited,
        Self::ZoomRefused,
        Self::HostUnlicensed,
        Self::AlternativeHostRefused,
        Self::NoExternalId,
        Self::UpdateParked,
        Self::CommandParked,
        Self::HistoryFull,
        Self::AdmittedNotEntered,
        Self::NoProviderSeen,
        Self::CalledOff,
        Self::ProviderNotCome,
        Self::PatientNotCome,
    ];

    /// The code as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WaitingRoomLocked => "waiting_room_locked",
            Self::JoinBeforeHostLocked => "join_before_host_locked",
            Self::RegistrationUnavailable => "registration_unavailable",
            Self::InviteLinkRefused => "invite_link_refused",
            Self::PatientNoSeat => "patient_no_seat",
            Self::PatientUserPending => "patient_user_pending",
            Self::PatientUserRefused => "patient_user_refused",
            Self::PolicyDrift => "policy_drift",
            Self::MeetingDeleted => "meeting_deleted",
            Self::NoSeat => "no_seat",
            Self::UserPending => "user_pending",
            Self::UserRefused => "user_refused",
            Self::UserInactive => "user_inactive",
            Self::UserForeign => "user_foreign",
            Self::DefaultHostStandsIn => "default_host_stands_in",
            Self::NoDefaultHost => "no_default_host",
            Self::BasicUser => "basic_user",
            Self::ZoomUnavailable => "zoom_unavailable",
            Self::ZoomUnauthorized => "zoom_unauthorized",
            Self::ZoomNotConnected => "zoom_not_connected",
            Self::ZoomRateLimited => "zoom_rate_limited",
            Self::ZoomRefused => "zoom_refused",
            Self::HostUnlicensed => "host_unlicensed",
            Self::AlternativeHostRefused => "alternative_host_refused",
            Self::NoExternalId => "no_external_id",
            Self::UpdateParked => "update_parked",
            Self::CommandParked => "command_parked",
            Self::HistoryFull => "history_full",
            Self::AdmittedNotEntered => "admitted_not_entered",
            Self::NoProviderSeen => "no_provider_seen",
            Self::CalledOff => "called_off",
            Self::ProviderNotCome => "provider_no_show",
            Self::PatientNotCome => "patient_no_show",
        }
    }

    /// What it means and what to check, in one sentence for the board.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::WaitingRoomLocked => {
                "Zoom's waiting room setting is locked, so the admittance policy does not hold. Unlock Account Settings > Meeting > Security > Waiting Room, or the same of the provider's group (User Management > Groups)."
            }
            Self::JoinBeforeHostLocked => {
                "Zoom lets guests in before the host although it was asked not to. Unlock Account Settings > Meeting > Schedule Meeting > Join before host, or the same of the provider's group (User Management > Groups)."
            }
            Self::RegistrationUnavailable => {
                "Zoom did not turn registration on, so patients get no personal link. Check that registration is allowed and the host is licensed."
            }
            Self::InviteLinkRefused
            | Self::PatientNoSeat
            | Self::PatientUserPending
            | Self::PatientUserRefused => self.about_patients(),
            Self::PolicyDrift => {
                "Somebody changed this meeting's settings in Zoom, and they no longer match the admittance policy."
            }
            Self::MeetingDeleted => {
                "The meeting was deleted in Zoom. The next launch by a provider makes a new one."
            }
            Self::NoSeat => NO_SEAT,
            Self::UserPending => "The provider's Zoom user has not accepted its invitation yet.",
            Self::UserRefused => USER_REFUSED,
            Self::UserInactive => USER_INACTIVE,
            Self::UserForeign => USER_FOREIGN,
            Self::DefaultHostStandsIn => DEFAULT_HOST_STANDS_IN,
            Self::NoDefaultHost => NO_DEFAULT_HOST,
            Self::BasicUser => BASIC_USER,
            Self::ZoomUnavailable => "Zoom does not answer at the moment; it is tried again.",
            Self::ZoomUnauthorized => "Zoom refused our credentials, or the app lacks a scope.",
            Self::ZoomNotConnected => {
                "Nothing is asked of Zoom for this organization: its app was removed from the Zoom account, or has to be authenticated. An administrator does that under Set-up > Zoom account; then this goes on within a minute, or at the next launch."
            }
            Self::ZoomRateLimited => "Zoom's rate limit is reached; it is tried again when Zoom allows.",
            Self::ZoomRefused => "Zoom refused the call.",
            Self::HostUnlicensed => {
                "The host has no Zoom licence, so personal links cannot be made for patients."
            }
            Self::AlternativeHostRefused => {
                "Zoom did not take a further provider as alternative host, so this provider cannot go in. Give their Zoom user a licence and check that it is active in this account; then they launch again."
            }
            Self::NoExternalId => {
                "A launch carried no externalid, so the light cannot follow that person. Check the CONTEXT line of the FDI record."
            }
            Self::UpdateParked => {
                "Epic refused a status update for good. The notification record says what to check."
            }
            Self::CommandParked => "A command was set aside after failing three times.",
            Self::HistoryFull => {
                "This visit has more joins or meetings than are kept; what came beyond them is not shown."
            }
            Self::AdmittedNotEntered => {
                "Somebody was admitted from the waiting room a minute ago and has not come into the meeting. They may have lost the connection; let them join again."
            }
            Self::CalledOff => {
                "Epic says that the appointment was cancelled, missed or entered in error, so nobody is let in. Once it stands again in Epic, the next launch opens the visit."
            }
            Self::ProviderNotCome => {
                "The patient has come and no provider has opened the visit, although its time has passed. They can still open it."
            }
            Self::PatientNotCome => {
                "A provider has opened the visit and nobody has come on the patient's side, although its time has passed."
            }
            Self::NoProviderSeen => {
                "Somebody is in the meeting, and no provider was seen there. Either Zoom let them in before the host (check Join Before Host), or the provider joined under another Zoom user."
            }
        }
    }

    fn about_patients(self) -> &'static str {
        match self {
            Self::InviteLinkRefused => {
                "Zoom refused to make a personal link for somebody on the patient's side, who cannot go in. Check that the host may schedule meetings, then let them launch again."
            }
            Self::PatientNoSeat => {
                "Zoom has no place for a patient's temporary user, or the account may not make users of that kind (temporary_user_action). The patient cannot go in; free a place, then let them launch again."
            }
            Self::PatientUserPending => {
                "A patient's temporary user is not active at Zoom, so the patient cannot go in. Check temporary_user_action, then let them launch again."
            }
            _ => {
                "Zoom refused to make a patient's temporary user, so the patient cannot go in. Check registrant_email_domain and temporary_user_action, then let them launch again."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_left_out_of_the_list_of_all() {
        for (place, code) in ProblemCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, place, "{code:?}");
        }
        assert_eq!(ProblemCode::PatientNotCome as usize + 1, ProblemCode::ALL.len());
    }
}
