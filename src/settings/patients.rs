//! How an organization's patients are known again in Zoom.

use std::time::Duration;

use vestibule_domain::policy::PatientIdentity;

use super::organization::{ProviderAction, mail_domain};
use super::reader::{Choice, Read, Section};
use super::service::{DAY, MINUTE, seconds};

/// What patients get at Zoom, by which its events name them.
#[derive(Debug, Clone)]
pub struct PatientsAtZoom {
    pub identity: PatientIdentity,
    /// Of the made-up addresses that stand for them.
    pub email_domain: String,
    /// How long a link by name is good.
    pub invite_link_life: Duration,
    /// How a user is made who stands for a patient.
    pub user_action: ProviderAction,
}

impl Choice for PatientIdentity {
    const ALL: &'static [(&'static str, Self)] = &[
        ("registrant", Self::Registrant),
        ("invite_link", Self::InviteLink),
        ("temporary_user", Self::TemporaryUser),
    ];
}

pub(super) fn read_patients(section: &mut Section<'_>) -> Read<PatientsAtZoom> {
    let identity = section.choice("patient_identity");
    let email_domain = section.needed("registrant_email_domain", mail_domain);
    let invite_link_life = section.duration("invite_link_life", seconds(5 * MINUTE)..=seconds(7 * DAY));
    let user_action = section.choice("temporary_user_action");
    Ok(PatientsAtZoom {
        identity: identity?,
        email_domain: email_domain?,
        invite_link_life: invite_link_life?,
        user_action: user_action?,
    })
}
