//! The day that the fakes play: who has an appointment with whom, and how Epic knows these people.

use serde::{Deserialize, Serialize};

/// A person as Epic knows them. `external_id` is the EMP id of a provider and the WPR id of a MyChart user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub fhir_id: String,
    pub external_id: String,
    pub first_name: String,
    pub last_name: String,
    /// Empty where Epic has none.
    pub email: String,
}

impl Person {
    pub fn new(fhir_id: &str, external_id: &str, first_name: &str, last_name: &str, email: &str) -> Self {
        Self {
            fhir_id: fhir_id.into(),
            external_id: external_id.into(),
            first_name: first_name.into(),
            last_name: last_name.into(),
            email: email.into(),
        }
    }

    /// Made of the id, so that nobody has to keep one.
    pub fn birth_date(&self) -> jiff::civil::Date {
        let number = self
            .external_id
            .bytes()
            .filter(u8::is_ascii_digit)
            .fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
        let part = |step: u32, of: u32| i8::try_from(number.wrapping_mul(step) % of).unwrap_or(0);
        let (years, month, day) = (part(7, 65), part(1, 12), part(3, 28));
        jiff::civil::date(1940 + i16::from(years), month + 1, day + 1)
    }

    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// One video appointment of one patient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Appointment {
    pub csn: String,
    /// Set for group visits, whose patients share it. Epic may also have one for a one-to-one visit.
    pub conference_id: Option<String>,
    /// True where the FDI records of group visits are used.
    pub group: bool,
    /// FHIR ids of the encounter and the appointment.
    pub encounter_id: String,
    pub appointment_id: String,
    /// `MM/DD/YYYY hh:mm AM`; empty for an ad-hoc visit.
    pub time: String,
    pub department_id: String,
    pub patient: Person,
    /// People who may act for the patient in MyChart (RelatedPerson).
    pub proxies: Vec<Person>,
    /// The encounter provider first.
    pub providers: Vec<Person>,
}

pub type Day = Vec<Appointment>;

/// Which FDI record a launch uses; the names are the last segment of the launch URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchKind {
    Provider,
    Patient,
    GroupProvider,
    GroupPatient,
    Guest,
    DeviceTest,
    VisitTools,
}

impl LaunchKind {
    pub fn segment(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Patient => "patient",
            Self::GroupProvider => "group-provider",
            Self::GroupPatient => "group-patient",
            Self::Guest => "guest",
            Self::DeviceTest => "device-test",
            Self::VisitTools => "visit-tools",
        }
    }

    pub fn parse(segment: &str) -> Option<Self> {
        [
            Self::Provider,
            Self::Patient,
            Self::GroupProvider,
            Self::GroupPatient,
            Self::Guest,
            Self::DeviceTest,
            Self::VisitTools,
        ]
        .into_iter()
        .find(|kind| kind.segment() == segment)
    }
}

/// How the launching person stands to the patient; Epic tells it by the type of `fhirUser`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Provider,
    Patient,
    Proxy,
}

impl Appointment {
    /// The person with this external id and how they stand to the patient.
    pub fn person(&self, external_id: &str) -> Option<(&Person, Standing)> {
        if self.patient.external_id == external_id {
            return Some((&self.patient, Standing::Patient));
        }
        let proxy = self.proxies.iter().find(|person| person.external_id == external_id);
        if let Some(person) = proxy {
            return Some((person, Standing::Proxy));
        }
        let provider = self.providers.iter().find(|person| person.external_id == external_id);
        provider.map(|person| (person, Standing::Provider))
    }

    /// Whether the visit was booked for a busy day and not for somebody who clicks.
    pub fn is_busy(&self) -> bool {
        self.csn.parse::<usize>().is_ok_and(|csn| csn >= FIRST_BUSY_CSN)
    }

    /// What Epic calls the conference of this visit: the conference id of a group visit, else the CSN.
    pub fn conference(&self) -> &str {
        match &self.conference_id {
            Some(id) if self.group => id,
            _ => &self.csn,
        }
    }
}

/// A small day of one provider at Lakeside Health: one-to-one visits, a child with a parent as proxy, and a group of two.
/// `mail_domain` is that of the providers' Zoom accounts.
pub fn demo_day(mail_domain: &str) -> Day {
    let rivera =
        Person::new("eProvRivera", "EMP501", "Elena", "Rivera", &format!("elena.rivera@{mail_domain}"));
    let okafor =
        Person::new("eProvOkafor", "EMP502", "Samuel", "Okafor", &format!("samuel.okafor@{mail_domain}"));
    let people = [
        ("10001", -10, Person::new("ePatA", "WPR1", "Ada", "Hansen", "ada.hansen@example.org")),
        ("10002", 0, Person::new("ePatB", "WPR2", "Luis", "Peña", "luis@example.org")),
        ("10003", 5, Person::new("ePatC", "WPR3", "Mei", "Tanaka", "")),
        ("10004", 10, Person::new("ePatD", "WPR4", "Noah", "Berg", "")),
    ];
    let mut day: Day = people
        .into_iter()
        .map(|(csn, in_minutes, patient)| {
            one_to_one(csn, in_minutes, patient, vec![rivera.clone(), okafor.clone()])
        })
        .collect();
    if let Some(child) = day.get_mut(3) {
        child.proxies.push(Person::new("eRelBerg", "WPR14", "Karin", "Berg", "karin.berg@example.org"));
    }
    for (csn, patient) in [
        ("10005", Person::new("ePatE", "WPR5", "Olivia", "Marsh", "olivia@example.org")),
        ("10006", Person::new("ePatF", "WPR6", "Tomás", "Ruiz", "")),
    ] {
        let mut visit = one_to_one(csn, 15, patient, vec![rivera.clone()]);
        visit.conference_id = Some("CONF7001".into());
        visit.group = true;
        day.push(visit);
    }
    day
}

/// The visit begins so many minutes from now, so that everybody comes in time who comes while it is tried.
fn one_to_one(csn: &str, in_minutes: i64, patient: Person, providers: Vec<Person>) -> Appointment {
    let begins = jiff::Timestamp::now().saturating_add(jiff::SignedDuration::from_mins(in_minutes));
    let begins = begins.unwrap_or(jiff::Timestamp::MAX);
    Appointment {
        csn: csn.into(),
        conference_id: None,
        group: false,
        encounter_id: format!("eEnc{csn}"),
        appointment_id: format!("eAppt{csn}"),
        time: begins.strftime("%m/%d/%Y %I:%M %p").to_string(),
        department_id: "70101".into(),
        patient,
        proxies: Vec::new(),
        providers,
    }
}

/// One-to-one visits for load and the busy morning: one provider for every three patients. `first` numbers them, so that a
/// second morning has other visits, patients and CSNs.
pub fn busy_day(first: usize, visits: usize, mail_domain: &str) -> Day {
    (first..first.saturating_add(visits))
        .map(|number| {
            let team = number / VISITS_PER_PROVIDER;
            let provider = Person::new(
                &format!("eProvB{team}"),
                &format!("EMPB{team}"),
                "Provider",
                &format!("No{team}"),
                &format!("provider{team}@{mail_domain}"),
            );
            let patient = Person::new(
                &format!("ePatB{number}"),
                &format!("WPRB{number}"),
                "Patient",
                &format!("No{number}"),
                &format!("patient{number}@example.org"),
            );
            one_to_one(&format!("{}", FIRST_BUSY_CSN + number), 0, patient, vec![provider])
        })
        .collect()
}

/// The CSNs of a busy day begin here, above those of the small day.
const FIRST_BUSY_CSN: usize = 20_000;

/// How many patients of a busy day share a provider, who sees them one after another.
pub const VISITS_PER_PROVIDER: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_their_id_with_their_standing() {
        let day = demo_day("lakeside.example");
        let child = day.iter().find(|visit| visit.csn == "10004").expect("the child's visit");
        assert_eq!(child.person("WPR14").map(|found| found.1), Some(Standing::Proxy));
        assert_eq!(child.person("WPR4").map(|found| found.1), Some(Standing::Patient));
        assert_eq!(child.person("EMP501").map(|found| found.1), Some(Standing::Provider));
        assert!(child.person("WPR1").is_none());
    }

    #[test]
    fn a_group_visit_is_known_by_its_conference() {
        let day = demo_day("lakeside.example");
        assert_eq!(day.last().map(Appointment::conference), Some("CONF7001"));
        assert_eq!(day.first().map(Appointment::conference), Some("10001"));
    }

    #[test]
    fn a_busy_day_is_told_from_the_small_one() {
        assert!(demo_day("lakeside.example").iter().all(|visit| !visit.is_busy()));
        assert!(busy_day(0, 3, "lakeside.example").iter().all(Appointment::is_busy));
    }

    #[test]
    fn every_launch_kind_reads_back() {
        for segment in
            ["provider", "patient", "group-provider", "group-patient", "guest", "device-test", "visit-tools"]
        {
            assert_eq!(LaunchKind::parse(segment).map(LaunchKind::segment), Some(segment));
        }
        assert!(LaunchKind::parse("surgeon").is_none());
    }
}
