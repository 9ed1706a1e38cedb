//! Device tests: a page of another vendor where people try camera and microphone, and how its result is read.

use super::address::PageUrl;
use super::reader::{Choice, Read, Section};
use super::service::text;
use super::template::{Template, template};
use super::tree::Origin;

const VALUES_MAX: usize = 16;
const VALUE_CHARACTERS_MAX: usize = 64;

/// The device test of an organization.
#[derive(Debug, Clone)]
pub struct DeviceTest {
    pub url: TestUrl,
    pub result: TestResult,
    /// Whether Epic is told what came out.
    pub write_back: bool,
}

/// Where people test, with places for what changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestUrl {
    /// Filled with addresses it stays one of the same origin.
    template: Template<TestField>,
    origin: String,
    names_return: bool,
}

/// What may be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestField {
    /// Where the person is to be sent back to.
    ReturnUrl,
    /// The code of the language that the person reads.
    Language,
}

/// How a result is read: one parameter of the return address, whose values are compared without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    pub parameter: String,
    pub passed: Vec<String>,
    pub failed: Vec<String>,
}

impl Choice for TestField {
    const ALL: &'static [(&'static str, Self)] =
        &[("return_url", Self::ReturnUrl), ("language", Self::Language)];
}

impl TestUrl {
    /// Reads a URL with places, which stand behind its host.
    ///
    /// # Errors
    /// In plain words, what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = template::<TestField>(text)?;
        let origin = |value: &str| {
            let filled = template.filled(|_| value.to_owned());
            PageUrl::parse(&filled).map(|url| url.origin())
        };
        let (one, other) = (origin("a")?, origin("b.c"));
        if other.as_ref() != Ok(&one) {
            return Err("has a place in its host; places stand behind it".to_owned());
        }
        let names_return = template.places().any(|place| place == TestField::ReturnUrl);
        Ok(Self { template, origin: one, names_return })
    }

    /// The address for one person; `value` answers what stands in a place, encoded. One that does not say where the return address goes
    /// has it in its query.
    pub fn filled(&self, value: impl Fn(TestField) -> String) -> String {
        let url = self.template.filled(&value);
        if self.names_return {
            return url;
        }
        let (page, fragment) = url.split_once('#').map_or((url.as_str(), None), |(a, b)| (a, Some(b)));
        let joint = if page.contains('?') { '&' } else { '?' };
        let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
        format!("{page}{joint}return_url={}{fragment}", value(TestField::ReturnUrl))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn names_return(&self) -> bool {
        self.names_return
    }
}

impl TestResult {
    /// Whether `value` is one of those, as people write them.
    pub fn is_among(value: &str, known: &[String]) -> bool {
        known.iter().any(|one| one.eq_ignore_ascii_case(value.trim()))
    }
}

/// `None` where the organization has no device test; its other settings are read all the same.
pub(super) fn read_device_test(section: &mut Section<'_>) -> Read<Option<DeviceTest>> {
    let url = section.optional("device_test_url", |text, _| TestUrl::parse(text));
    let result = section.section("device_test_result", read_result);
    let write_back = section.boolean("device_test_write_back");
    let (url, result, write_back) = (url?, result?, write_back?);
    if write_back && url.is_none() {
        return Err(
            section.problem("device_test_write_back", "needs device_test_url; there is no test to tell of")
        );
    }
    Ok(url.map(|url| DeviceTest { url, result, write_back }))
}

fn read_result(section: &mut Section<'_>) -> Read<TestResult> {
    let parameter = section.needed("parameter", parameter);
    let passed = section.list("passed", VALUES_MAX, value);
    let failed = section.list("failed", VALUES_MAX, value);
    let result = TestResult { parameter: parameter?, passed: passed?, failed: failed? };
    let both = result.passed.iter().find(|value| TestResult::is_among(value, &result.failed));
    if let Some(both) = both {
        let message = format!("has \"{both}\", which `passed` has too");
        return Err(section.problem("failed", message));
    }
    if result.passed.is_empty() && result.failed.is_empty() {
        return Err(section.problem("passed", "is empty and `failed` too; no result could ever be read"));
    }
    Ok(result)
}

fn parameter(text: &str, _: &Origin) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if text.len() <= VALUE_CHARACTERS_MAX && text.bytes().all(plain) && text != "lang" {
        return Ok(text.to_owned());
    }
    Err(format!(
        "must be the name of a query parameter other than \"lang\", of at most {VALUE_CHARACTERS_MAX} letters, digits, \
         \"_\", \"-\" and \".\""
    ))
}

fn value(value: &str, origin: &Origin) -> Result<String, String> {
    if value.chars().count() > VALUE_CHARACTERS_MAX || value.trim() != value {
        return Err(format!(
            "has a value of more than {VALUE_CHARACTERS_MAX} characters, or with blanks around it"
        ));
    }
    text(value, origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        TestUrl::parse(text).unwrap().filled(|field| match field {
            TestField::ReturnUrl => "https%3A%2F%2Fours%2Fa".to_owned(),
            TestField::Language => "es".to_owned(),
        })
    }

    #[test]
    fn e49_the_return_address_stands_where_it_is_named_and_else_in_the_query() {
        for (text, expected) in [
            (
                "https://t.example/?back={return_url}&l={language}",
                "https://t.example/?back=https%3A%2F%2Fours%2Fa&l=es",
            ),
            ("https://t.example/{language}/#/{return_url}", "https://t.example/es/#/https%3A%2F%2Fours%2Fa"),
            ("https://t.example", "https://t.example?return_url=https%3A%2F%2Fours%2Fa"),
            ("https://t.example/x?a=b#c", "https://t.example/x?a=b&return_url=https%3A%2F%2Fours%2Fa#c"),
            ("http://127.0.0.1:1/{return_url}", "http://127.0.0.1:1/https%3A%2F%2Fours%2Fa"),
        ] {
            assert_eq!(filled(text), expected);
        }
    }

    #[test]
    fn e49_what_is_no_page_or_has_unknown_places_is_refused() {
        for (text, expected) in [
            ("http://t.example/{return_url}", "must begin with https://"),
            ("https://{language}.example/{return_url}", "has a place in its host"),
            ("https://t.example{return_url}", "has a place in its host"),
            ("https://u@t.example/{return_url}", "must not carry a user"),
            ("https://t.example/{csn}", "begins none of {return_url}, {language}"),
            ("{return_url}", "is not a URL"),
        ] {
            let refused = TestUrl::parse(text).unwrap_err();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }
}
