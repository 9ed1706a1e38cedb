//! What people are, and what came out of their device tests, as they stand in the middle of a line.

use vestibule_domain::visit::device_test::TestOutcome;
use vestibule_domain::visit::participant::Role;

use super::super::language::Language;

/// A person's role.
pub fn role(language: Language, role: Role) -> &'static str {
    let spanish = match role {
        Role::Provider => "proveedor",
        Role::Patient => "paciente",
        Role::Proxy => "familiar",
        Role::Guest => "invitado",
        Role::Unidentified => "sin identificar",
    };
    match language {
        Language::English => role.as_str(),
        Language::Spanish => spanish,
    }
}

/// What came out of a device test.
pub fn test_outcome(language: Language, outcome: TestOutcome) -> &'static str {
    let spanish = match outcome {
        TestOutcome::Passed => "superada",
        TestOutcome::Failed => "fallida",
        TestOutcome::Unclear => "dudosa",
    };
    match language {
        Language::English => outcome.as_str(),
        Language::Spanish => spanish,
    }
}
