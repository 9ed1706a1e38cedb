//! The published vectors, the damage that a payload may take, everything that may be wrong with one, and arbitrary bytes.

use std::time::Duration;

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use vestibule_domain::time::Span;

use super::*;
use crate::settings::{LaunchIv, LaunchKey, Secret};

const KEY_128: &str = "cfcafa8e4f25edd1cc01a54a24543568";
const PLAIN: &str =
    "SessionID=1001&ConferenceID=1001&ExternalID=E77&ExternalIDType=1&FirstName=Ada&LastName=Test";
const SEALED_128: &str = "PP4G7lH9N+XMrMKsXhpWBLKAP0nYtqGGTsPJF38s9I6bJlTmP4mpia5GrFQtBzcaXOB+W4aMgJaBY+MHE2kMMXxtpL7zW50OShfc/ALU/e9I/3MdbkacqVg7JIbUOyxv";
const SEALED_256: &str = "+JfyVgoRQpiGaXpO9BlSiEZQ7ZNmnbG9D5q8BtjbNliuznpz/NgaXXZ299uH1rWjNYF2fXTQ53UPZYOytg6o6voPDeJNbfl+X4IAuezxHzBa2aQWyv9fvMIc3uNq9Obm";
const SEALED_OLDER: &str = "lppi5qpxS6DVnH7D5CUrBxgZo7bRMI086xiawC3c+SwShI9M069LrocBHuxuehyOxj18vxovJnOiEwAUGZYQFIUrengzjYpGaAxbAmfpYgQdunmx7xNi3hSD7qeXFA29";
/// 2026-11-26T15:00:00Z, 9 in the morning in Chicago.
const NOW: Moment = Moment(1_795_705_200_000);

fn settings(key: LaunchKey, iv: LaunchIv) -> settings::EncryptedLaunch {
    let time_zone = TimeZone::get("America/Chicago").unwrap();
    settings::EncryptedLaunch { key, iv, validity: Duration::from_secs(3600), without_time: false, time_zone }
}

fn reader(launch: &settings::EncryptedLaunch) -> EncryptedLaunches {
    let types = ExternalIdTypes { provider: "1".to_owned(), patient: "2".to_owned() };
    EncryptedLaunches::from_settings(launch, &types)
}

fn aes_128() -> EncryptedLaunches {
    reader(&settings(LaunchKey::Aes128(Secret::new("dossier-test-key")), LaunchIv::Zero))
}

fn key_256() -> [u8; 32] {
    std::array::from_fn(|byte| u8::try_from(byte).unwrap())
}

fn aes_256(iv: LaunchIv) -> EncryptedLaunches {
    reader(&settings(LaunchKey::Aes256(key_256()), iv))
}

fn seal(key: UnboundCipherKey, iv: [u8; 16], plain: &[u8]) -> Vec<u8> {
    let mut sealed = plain.to_vec();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
    key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(iv.into())).unwrap();
    sealed
}

fn sealed_128(plain: &[u8]) -> String {
    let key = UnboundCipherKey::new(&AES_128, &hex::decode(KEY_128).unwrap()).unwrap();
    STANDARD.encode(seal(key, [0; 16], plain))
}

fn opened(plain: &str) -> Result<EncryptedLaunch, DoesNotDecrypt> {
    aes_128().open(&sealed_128(plain.as_bytes()))
}

fn is_ada(launch: &EncryptedLaunch) {
    assert_eq!((launch.side, launch.conference.as_str()), (Side::Provider, "1001"));
    assert_eq!(launch.external_id.as_str(), "E77");
    let names = [&launch.first_name, &launch.last_name].map(|name| name.as_ref().map(Phi::reveal));
    assert_eq!(names, [Some("Ada"), Some("Test")]);
}

#[test]
fn e10_the_published_vectors_open() {
    let vidyo = aes_128().open(SEALED_128).unwrap();
    is_ada(&vidyo);
    assert_eq!(vidyo.external_id_type.as_ref().map(ExternalIdType::as_str), Some("1"));
    assert_eq!(aes_256(LaunchIv::Zero).open(SEALED_256), Ok(vidyo));
    let older = aes_128().open(SEALED_OLDER).unwrap();
    is_ada(&older);
    assert_eq!(older.external_id_type, None);
    assert_eq!(older.email.as_ref().map(Phi::reveal), Some("ada@example.org"));
    assert_eq!(sealed_128(PLAIN.as_bytes()), SEALED_128, "these tests encrypt as the vectors were");
}

#[test]
fn e10_a_first_block_may_be_the_iv() {
    let key = || UnboundCipherKey::new(&AES_256, &key_256()).unwrap();
    let iv = *b"sixteen-at-rando";
    let sealed = STANDARD.encode([&iv[..], &seal(key(), iv, PLAIN.as_bytes())].concat());
    is_ada(&aes_256(LaunchIv::FirstBlock).open(&sealed).unwrap());
    assert_eq!(aes_256(LaunchIv::Zero).open(&sealed), Err(DoesNotDecrypt), "its text is one block longer");
    assert_eq!(aes_256(LaunchIv::FirstBlock).open(&STANDARD.encode(iv)), Err(DoesNotDecrypt));
}

/// What comes out of a query in which the text stood as it was.
fn through_a_query(text: &str) -> String {
    let query = format!("data={text}");
    url::form_urlencoded::parse(query.as_bytes()).next().unwrap().1.into_owned()
}

#[test]
fn e10_damage_on_the_way_is_undone() {
    for (sealed, reader) in [(SEALED_128, aes_128()), (SEALED_256, aes_256(LaunchIv::Zero))] {
        let unpadded = sealed.trim_end_matches('=');
        let url_safe = URL_SAFE_NO_PAD.encode(STANDARD.decode(sealed).unwrap());
        let (line, rest) = sealed.split_at(76);
        for damaged in [
            sealed.to_owned(),
            through_a_query(sealed),
            sealed.replace('+', "%2B"),
            sealed.replace('+', "%2B").replace('/', "%2F"),
            sealed.replace('+', "%252B"),
            url_safe,
            format!("{line}\r\n{rest}"),
            format!("  {sealed} \n"),
            format!("  {}  ", through_a_query(sealed)),
            format!("{unpadded}=="),
        ] {
            is_ada(&reader.open(&damaged).unwrap_or_else(|_| panic!("{damaged}")));
        }
    }
    // Four blocks, which are no multiple of three bytes, so that there is padding to lose.
    let padded = sealed_128(b"usertype=2&sessionid=1&userid=W1&firstname=Ada&lastname=Test");
    assert!(padded.ends_with("="), "{padded}");
    assert!(aes_128().open(padded.trim_end_matches('=')).is_ok());
    assert!(aes_128().open(&padded.replace('=', "%3D")).is_ok());
}

#[test]
fn e10_whatever_is_wrong_with_a_payload_gives_one_error() {
    let good = STANDARD.decode(SEALED_128).unwrap();
    let cut = |bytes: usize| STANDARD.encode(&good[..bytes]);
    for text in [
        String::new(),
        " ".to_owned(),
        "====".to_owned(),
        "no base64!".to_owned(),
        "AAAA".to_owned(),
        cut(15),
        cut(16),
        cut(good.len() - 1),
        sealed_128(b"\xff\xfe, not UTF-8"),
        sealed_128(b""),
        SEALED_256.to_owned(),
        "A".repeat(8_193),
        format!("{SEALED_128}{SEALED_128}"),
        format!("{SEALED_128}%"),
    ] {
        assert_eq!(aes_128().open(&text), Err(DoesNotDecrypt), "{text}");
    }
}

/// The block that is altered becomes noise, which is no text.
#[test]
fn e10_no_bit_of_a_payload_can_be_altered() {
    let good = STANDARD.decode(SEALED_128).unwrap();
    for at in 0..good.len() * 8 {
        let mut altered = good.clone();
        altered[at / 8] ^= 1 << (at % 8);
        assert_eq!(aes_128().open(&STANDARD.encode(altered)), Err(DoesNotDecrypt), "bit {at}");
    }
}

#[test]
fn e10_a_payload_has_to_say_who_and_where() {
    let person = "ExternalID=E77&ExternalIDType=2";
    for plain in [
        "a text",
        "=&=&",
        "ConferenceID=1",
        person,
        "ConferenceID=1&ExternalID=E77",
        "ConferenceID=1&ExternalID=E77&ExternalIDType=3",
        "ConferenceID=1&ExternalIDType=2",
        "ConferenceID=1&ExternalID=&ExternalIDType=2",
        "ConferenceID=%CONFERENCEID%&ExternalID=E77&ExternalIDType=2",
        "ConferenceID=1&ExternalID=%DEPTID%&ExternalIDType=2",
        "ConferenceID=1&ExternalID=Ana Mu\u{f1}oz&ExternalIDType=2",
        &format!("ConferenceID={}&{person}", "1".repeat(65)),
        &format!("ConferenceID=1&{person}&FirstName={}", "A".repeat(513)),
        &format!("ConferenceID=1&ConferenceID=2&{person}"),
        &format!("ConferenceID=1&conferenceid=2&{person}"),
        &format!("ConferenceID=1&{person}&FirstName=A%00"),
        &format!("ConferenceID=1&{person}&FirstName=A\u{7}B"),
        &format!("ConferenceID=1&{person}&AppointmentTime=tomorrow"),
        &format!("ConferenceID=1&{person}&Timestamp=1795705200000"),
        &format!("ConferenceID=1&{person}&Timestamp=-1"),
        &format!("ConferenceID=1&{person}&epicTimestamp=20261126"),
        &format!("ConferenceID=1&{person}&epicTimestamp=20261326150000"),
        &format!("ConferenceID=1&{person}&LinkValidityPeriod=43201"),
        &format!("ConferenceID=1&{person}&LinkValidityPeriod=soon"),
        &format!("{}ConferenceID=1&{person}", "x=1&".repeat(100)),
        "usertype=3&sessionid=1&userid=E77",
        "sessionid=1&userid=E77",
        "usertype=2&userid=E77",
        "usertype=2&sessionid=1",
    ] {
        assert_eq!(opened(plain), Err(DoesNotDecrypt), "{plain}");
    }
}

#[test]
fn e10_names_are_taken_in_any_case_and_values_decoded_and_trimmed() {
    let launch = opened(
        "conferenceid=20%2B1&SESSIONID=9&externalId=+165790&EXTERNALIDTYPE=2&firstName=Ana%20Luc%C3%ADa&LASTNAME=&CustomData1=x&email=%EMAIL%\n",
    )
    .unwrap();
    assert_eq!((launch.side, launch.conference.as_str()), (Side::Patient, "20+1"));
    assert_eq!(launch.external_id.as_str(), "165790");
    assert_eq!(launch.first_name.as_ref().map(Phi::reveal), Some("Ana Luc\u{ed}a"));
    assert_eq!((&launch.last_name, &launch.email), (&None, &None));
    let by_session = opened("SessionID=9&ConferenceID=&ExternalID=E&ExternalIDType=1").unwrap();
    assert_eq!(by_session.conference.as_str(), "9");
    let older = opened("UserType=2&SessionID=7&UserID=W1").unwrap();
    assert_eq!(
        (older.side, older.conference.as_str(), older.external_id.as_str()),
        (Side::Patient, "7", "W1")
    );
}

#[test]
fn what_was_read_is_not_shown() {
    let shown = format!("{:?}", opened(PLAIN));
    assert!(!shown.contains("Ada") && !shown.contains("E77") && !shown.contains("1001"), "{shown}");
}

fn timeliness(times: &str, now: Moment) -> Timeliness {
    let reader = aes_128();
    let plain = format!("ConferenceID=1&ExternalID=W1&ExternalIDType=2&{times}");
    reader.timeliness(&reader.open(&sealed_128(plain.as_bytes())).unwrap(), now)
}

#[test]
fn e10_a_link_is_good_for_a_while_after_the_time_in_it() {
    for time in [
        "AppointmentTime=11/26/2026 09:00 AM",
        "AppointmentTime=11%2F26%2F2026+9%3A00+am",
        "Timestamp=1795705200",
        "epicTimestamp=20261126150000",
        "Timestamp=1&AppointmentTime=11/26/2026 09:00 AM",
        "epicTimestamp=20261126150000&AppointmentTime=11/25/2026 09:00 AM",
    ] {
        assert_eq!(timeliness(time, NOW + Span::hours(-240)), Timeliness::InTime, "{time}");
        assert_eq!(timeliness(time, NOW + Span::minutes(60)), Timeliness::InTime, "{time}");
        assert_eq!(timeliness(time, NOW + Span(60 * 60 * 1000 + 1)), Timeliness::TooLate, "{time}");
    }
    for (period, minutes) in [(1, 1), (43_200, 43_200)] {
        let times = format!("Timestamp=1795705200&LinkValidityPeriod={period}");
        let end = NOW + Span::minutes(minutes);
        assert_eq!(timeliness(&times, end), Timeliness::InTime);
        assert_eq!(timeliness(&times, end + Span(1)), Timeliness::TooLate);
    }
    let for_ever = timeliness("Timestamp=1795705200&LinkValidityPeriod=0", Moment(i64::MAX));
    assert_eq!(for_ever, Timeliness::InTime);
}

#[test]
fn e10_a_link_without_any_time_is_taken_only_where_the_organization_says_so() {
    for nothing in ["", "AppointmentTime=", "AppointmentTime=%EXTENSION;15354%", "LinkValidityPeriod=0"] {
        assert_eq!(timeliness(nothing, NOW), Timeliness::WithoutTime, "{nothing}");
    }
    let mut launch = settings(LaunchKey::Aes128(Secret::new("dossier-test-key")), LaunchIv::Zero);
    launch.without_time = true;
    let reader = reader(&launch);
    assert_eq!(reader.timeliness(&reader.open(SEALED_OLDER).unwrap(), NOW), Timeliness::InTime);
}

#[test]
fn e10_an_appointment_in_the_hour_that_comes_twice_or_never_is_still_a_time() {
    // Chicago puts its clocks back at 2 on 2026-11-01, and forward at 2 on 2026-03-08.
    let twice = "AppointmentTime=11/01/2026 01:30 AM";
    let second = Moment("2026-11-01T07:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
    assert_eq!(timeliness(twice, second + Span::minutes(60)), Timeliness::InTime);
    assert_eq!(timeliness(twice, second + Span::minutes(61)), Timeliness::TooLate);
    let never = "AppointmentTime=03/08/2026 02:30 AM";
    let moved = Moment("2026-03-08T08:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
    assert_eq!(timeliness(never, moved + Span::minutes(60)), Timeliness::InTime);
    assert_eq!(timeliness(never, moved + Span::minutes(61)), Timeliness::TooLate);
}

proptest! {
    #[test]
    fn e10_no_text_of_a_link_panics(text in ".{0,400}") {
        for iv in [LaunchIv::Zero, LaunchIv::FirstBlock] {
            prop_assert_eq!(aes_256(iv).open(&text), Err(DoesNotDecrypt));
        }
    }

    #[test]
    fn e10_no_bytes_open_that_were_not_sealed(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(aes_128().open(&STANDARD.encode(&bytes)), Err(DoesNotDecrypt));
    }

    #[test]
    fn e10_no_sealed_text_panics_and_what_opens_is_within_its_bounds(
        names in proptest::collection::vec("(?i)(conferenceid|externalid|externalidtype|usertype|userid|sessionid|timestamp|appointmenttime|[a-z]{1,9})", 0..9),
        values in proptest::collection::vec("([12]|[0-9]{1,14}|[ -~]{0,40}|\\PC{0,40})", 9),
    ) {
        let plain: Vec<String> = names.iter().zip(&values).map(|(name, value)| format!("{name}={value}")).collect();
        if let Ok(launch) = opened(&plain.join("&")) {
            prop_assert!(launch.conference.as_str().len() <= Csn::MAX_BYTES);
            prop_assert_ne!(aes_128().timeliness(&launch, Moment(i64::MIN)), Timeliness::TooLate);
            prop_assert_ne!(aes_128().timeliness(&launch, Moment(i64::MAX)), Timeliness::InTime);
        }
    }
}
