//! Reads secrets, given as `name` or as `name_file`. No message from here holds a secret's value.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::reader::{Kind, Read, Section};
use super::secret::{MASK, Secret};
use super::sources::read_value_file;
use super::tree::Origin;

impl Section<'_> {
    /// A secret, or nothing where it is absent or empty.
    pub(super) fn optional_secret(&mut self, key: &str) -> Read<Option<Secret>> {
        self.kind(key, Kind::Secret);
        let plain = self.take_text(key);
        let file = self.take_text(&file_key(key));
        let text = match (plain?, file?) {
            (None, None) => None,
            (Some((text, _)), None) => Some(text),
            (None, Some((path, origin))) => Some(self.read_secret_file(key, &path, &origin)?),
            (Some(_), Some((_, origin))) => return Err(self.twice(key, &origin)),
        };
        self.record(key, if text.is_some() { MASK } else { "" });
        Ok(text.map(Secret::new))
    }

    /// The names of all secrets of a table that has no closed set of names.
    pub(super) fn names_of_secrets(&self) -> Vec<String> {
        let plain = |key: &String| key.strip_suffix("_file").unwrap_or(key).to_owned();
        self.keys().map(plain).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn needed_secret(&mut self, key: &str) -> Read<Secret> {
        let secret = self.optional_secret(key)?;
        secret.ok_or_else(|| {
            self.problem(
                key,
                format!(
                    "is needed and not set; give the secret, or the path of its file as {}",
                    file_key(key)
                ),
            )
        })
    }

    /// A list of at most `most` secrets, each of at least `characters_min` characters.
    pub(super) fn secrets(&mut self, key: &str, most: usize, characters_min: usize) -> Read<Vec<Secret>> {
        self.kind(key, Kind::Secrets);
        let plain = self.take_texts(key);
        let file = self.take_text(&file_key(key));
        let plain = plain?.filter(|(texts, _)| !texts.is_empty());
        let (texts, origin) = match (plain, file?) {
            (None, None) => (Vec::new(), None),
            (Some((texts, origin)), None) => (texts, Some(origin)),
            (None, Some((path, origin))) => {
                let text = self.read_secret_file(key, &path, &origin)?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                (lines.map(str::to_owned).collect(), Some(origin))
            }
            (Some(_), Some((_, origin))) => return Err(self.twice(key, &origin)),
        };
        let short = texts.iter().filter(|text| text.chars().count() < characters_min).count();
        let wrong = if texts.len() > most {
            Some(format!("has {} entries; at most {most} are allowed", texts.len()))
        } else if short > 0 {
            Some(format!(
                "has {short} entries of less than {characters_min} characters; make longer ones at random"
            ))
        } else {
            None
        };
        if let (Some(message), Some(origin)) = (wrong, origin) {
            return Err(self.problem_from(key, &origin, message));
        }
        self.record(key, vec![MASK; texts.len()]);
        Ok(texts.into_iter().map(Secret::new).collect())
    }

    fn read_secret_file(&mut self, key: &str, path: &str, origin: &Arc<Origin>) -> Read<String> {
        let file_key = file_key(key);
        match read_value_file(&resolve(path, origin)) {
            Ok(text) if text.is_empty() => Err(self.problem_from(&file_key, origin, "names an empty file")),
            Ok(text) => Ok(text),
            Err(reason) => Err(self.problem_from(&file_key, origin, reason)),
        }
    }

    fn twice(&mut self, key: &str, origin: &Arc<Origin>) -> super::reader::Reported {
        self.problem_from(key, origin, format!("is given twice, also as {}; remove one", file_key(key)))
    }
}

fn file_key(key: &str) -> String {
    format!("{key}_file")
}

/// A path is relative to the file that names it.
pub(super) fn resolve(path: &str, origin: &Origin) -> PathBuf {
    origin.base.join(path)
}
