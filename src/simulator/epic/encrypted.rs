//! Links of the type OUTGOING COMMAND LINE: a text about the person and the visit, encrypted under a key that the FDI record holds.

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::clock::Millis;
use super::super::day::{Appointment, LaunchKind, Person, Standing};
use super::FakeEpic;
use super::launches::LaunchError;

/// An FDI record of that type.
#[derive(Clone, Debug)]
pub struct CommandLine {
    pub key: CryptKey,
    pub form: PayloadForm,
    /// Fields with another value than Epic's, or that Epic has not; an empty value leaves the field empty.
    pub fields: Vec<(String, String)>,
}

/// The key of a record.
#[derive(Clone, Debug)]
pub enum CryptKey {
    /// A text, from which the key of AES-128 is made.
    Text(String),
    /// The key of AES-256.
    Bytes([u8; 32]),
}

/// What the text says, and how it names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    /// `SessionID`, `ConferenceID`, `ExternalID`, …
    Linking,
    /// `usertype`, `sessionid`, `userid`, …
    Older,
}

impl FakeEpic {
    /// The link behind the button of the person with `external_id`, encrypted as the record says.
    ///
    /// # Errors
    /// [`LaunchError`] where Epic does not know the visit or the person in it.
    pub fn encrypted_url(
        &self,
        kind: LaunchKind,
        external_id: &str,
        csn: &str,
        record: &CommandLine,
    ) -> Result<String, LaunchError> {
        let now = self.now();
        let text = self.with(|state| {
            let visit = state.day.iter().find(|visit| visit.csn == csn);
            let visit = visit.ok_or_else(|| LaunchError::NoSuchVisit(csn.to_owned()))?;
            let (person, standing) =
                visit.person(external_id).ok_or_else(|| LaunchError::NoSuchPerson(external_id.to_owned()))?;
            Ok(record.text(visit, person, standing, now))
        })?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        match record.form {
            PayloadForm::Linking => {
                query.append_pair("extDataType", "1").append_pair("extData", &record.seal(&text))
            }
            PayloadForm::Older => query.append_pair("data", &record.seal(&text)),
        };
        Ok(format!("{}/{}?{}", self.site().launch_base, kind.segment(), query.finish()))
    }
}

impl CommandLine {
    fn text(&self, visit: &Appointment, person: &Person, standing: Standing, now: Millis) -> String {
        let kind = if standing == Standing::Provider { "1" } else { "2" };
        let seconds = now.div_euclid(1000).to_string();
        let fields: Vec<(&str, &str)> = match self.form {
            PayloadForm::Linking => vec![
                ("SessionID", visit.conference()),
                ("ConferenceID", visit.conference()),
                ("ExternalID", &person.external_id),
                ("ExternalIDType", kind),
                ("FirstName", &person.first_name),
                ("LastName", &person.last_name),
                ("AppointmentTime", ""),
                ("Timestamp", &seconds),
                ("Email", &person.email),
            ],
            PayloadForm::Older => vec![
                ("usertype", kind),
                ("sessionid", visit.conference()),
                ("userid", &person.external_id),
                ("firstname", &person.first_name),
                ("lastname", &person.last_name),
                ("email", &person.email),
            ],
        };
        let own =
            |name: &str| self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &fields {
            query.append_pair(name, own(name).unwrap_or(value));
        }
        for (name, value) in self.fields.iter().filter(|(name, _)| !fields.iter().any(|(has, _)| has == name))
        {
            query.append_pair(name, value);
        }
        query.finish()
    }

    /// Encrypts a text, as it stands in a link before that is escaped. Empty where the cipher fails, which it has no reason to.
    pub fn seal(&self, text: &str) -> String {
        let key = match &self.key {
            CryptKey::Text(text) => UnboundCipherKey::new(&AES_128, &crypt_derive_key(text)),
            CryptKey::Bytes(bytes) => UnboundCipherKey::new(&AES_256, bytes),
        };
        let mut sealed = text.as_bytes().to_vec();
        let no_iv = || EncryptionContext::Iv128([0; 16].into());
        let done = key
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .and_then(|key| key.less_safe_encrypt(&mut sealed, no_iv()));
        done.map_or_else(|_| String::new(), |_| STANDARD.encode(&sealed))
    }
}

/// Windows' CryptDeriveKey over SHA-1, of which AES-128 takes the first sixteen bytes.
fn crypt_derive_key(text: &str) -> [u8; 16] {
    let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let hash = sha1(text.as_bytes());
    let half = |pad: u8| {
        let mut block = [pad; 64];
        block.iter_mut().zip(hash.as_ref()).for_each(|(byte, of_hash)| *byte ^= of_hash);
        sha1(&block)
    };
    let both = [half(0x36).as_ref(), half(0x5c).as_ref()].concat();
    let mut key = [0; 16];
    key.iter_mut().zip(both).for_each(|(byte, derived)| *byte = derived);
    key
}
