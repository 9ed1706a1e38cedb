//! Whose visit it is: the first patient-side launch binds it, and nobody else's patient comes in.

use crate::common::at;
use crate::common::story::{Story, launch, patient_launch, patient_reference, provider_launch, proxy_launch};
use vestibule_domain::command::{Command, Launch};
use vestibule_domain::id::{Csn, GuestLinkId};
use vestibule_domain::visit::guest::Invitation;
use vestibule_domain::visit::participant::Role;
use vestibule_domain::visit::{LaunchOutcome, LaunchRefusal};

const REFUSED: LaunchOutcome = LaunchOutcome::Refused(LaunchRefusal::WrongPatient);

fn accepted(outcome: &LaunchOutcome) -> bool {
    matches!(outcome, LaunchOutcome::Accepted { .. })
}

fn provider_for(patient: &str) -> Launch {
    Launch { patient: Some(patient_reference(patient)), ..provider_launch("dr") }
}

fn guest_for(patient: Option<&str>) -> Launch {
    let reference = interpreter().as_reference();
    Launch { patient: patient.map(patient_reference), ..launch(Role::Guest, reference, "WPR-guest") }
}

fn interpreter() -> GuestLinkId {
    GuestLinkId::new("interpreter").unwrap()
}

/// Launches one after the other and says which of them were accepted; the others must be refused for their patient.
fn outcomes(launches: impl IntoIterator<Item = Launch>) -> Vec<bool> {
    let mut story = Story::new();
    story.take(Command::GuestInvited {
        link: interpreter(),
        invitation: Invitation { name: None, expires_at: at(60), patient_csn: None },
    });
    let mut accepted_ones = Vec::new();
    for launch in launches {
        let outcome = story.launch(launch);
        assert!(accepted(&outcome) || outcome == REFUSED, "{outcome:?}");
        accepted_ones.push(accepted(&outcome));
    }
    accepted_ones
}

#[test]
fn a_self_launch_is_about_the_person_who_launches() {
    assert_eq!(outcomes([patient_launch("ada")]), [true]);
    assert_eq!(outcomes([Launch { patient: None, ..patient_launch("ada") }]), [true]);
    assert_eq!(
        outcomes([Launch { patient: Some(patient_reference("bob")), ..patient_launch("ada") }]),
        [false]
    );
}

#[test]
fn the_first_patient_side_launch_binds_the_visit() {
    assert_eq!(
        outcomes([patient_launch("ada"), patient_launch("bob"), patient_launch("ada")]),
        [true, false, true]
    );
    assert_eq!(
        outcomes([proxy_launch("rita", "ada"), patient_launch("bob"), patient_launch("ada")]),
        [true, false, true]
    );
    assert_eq!(
        outcomes([patient_launch("ada"), proxy_launch("rita", "bob"), proxy_launch("rita", "ada")]),
        [true, false, true]
    );
}

#[test]
fn a_refused_launch_binds_nothing() {
    let wrong = Launch { patient: Some(patient_reference("bob")), ..patient_launch("ada") };
    assert_eq!(outcomes([wrong, patient_launch("carl")]), [false, true]);
}

#[test]
fn a_proxy_must_name_the_patient() {
    let nameless = Launch { patient: None, ..proxy_launch("rita", "ada") };
    assert_eq!(outcomes([nameless.clone()]), [false]);
    assert_eq!(outcomes([patient_launch("ada"), nameless]), [true, false]);
}

#[test]
fn a_provider_binds_nothing_and_may_name_no_other_patient() {
    assert_eq!(outcomes([provider_for("bob"), patient_launch("ada")]), [true, true]);
    assert_eq!(
        outcomes([patient_launch("ada"), provider_for("bob"), provider_for("ada")]),
        [true, false, true]
    );
    assert_eq!(outcomes([patient_launch("ada"), provider_launch("dr")]), [true, true]);
}

#[test]
fn a_guest_binds_nothing_and_may_name_no_other_patient() {
    assert_eq!(
        outcomes([guest_for(None), patient_launch("ada"), guest_for(Some("bob"))]),
        [true, true, false]
    );
    assert_eq!(outcomes([guest_for(Some("bob")), patient_launch("ada")]), [true, true]);
}

#[test]
fn a_group_visit_binds_each_csn_by_itself() {
    let with = |csn: &str, launch: Launch| Launch { csn: Some(Csn::new(csn).unwrap()), ..launch };
    let mut story = Story::group();
    assert!(accepted(&story.launch(with("1", patient_launch("ada")))));
    assert!(accepted(&story.launch(with("2", patient_launch("bob")))));
    assert_eq!(story.launch(with("1", patient_launch("bob"))), REFUSED);
    assert_eq!(story.launch(with("2", proxy_launch("rita", "ada"))), REFUSED);
    assert!(accepted(&story.launch(with("1", proxy_launch("rita", "ada")))));
    assert_eq!(story.launch(with("2", provider_for("ada"))), REFUSED);
    assert!(accepted(&story.launch(with("2", provider_for("bob")))));
}
