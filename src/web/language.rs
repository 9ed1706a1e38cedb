//! The languages of the pages and how one is chosen for a request.

use crate::settings;

/// A language that every page for patients and providers is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Spanish,
}

/// How much of an `Accept-Language` header is looked at; browsers send a handful of ranges.
const MOST_RANGES: usize = 16;

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Spanish];

    /// The `?lang=` of the address wins, then the browser's `Accept-Language` where it names one that we have, then the default of
    /// whoever the page is from.
    pub fn choose(query: Option<&str>, accept_language: Option<&str>, default: Language) -> Language {
        query
            .and_then(Language::from_tag)
            .or_else(|| accept_language.and_then(Language::from_header))
            .unwrap_or(default)
    }

    /// The code in `<html lang>` and in `?lang=`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
        }
    }

    /// The language's own name, for the switch.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Spanish => "Español",
        }
    }

    /// The language that the switch on a page leads to.
    pub fn other(self) -> Language {
        match self {
            Language::English => Language::Spanish,
            Language::Spanish => Language::English,
        }
    }

    fn from_tag(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The known range with the highest quality; among equals the first, as browsers order them.
    fn from_header(header: &str) -> Option<Language> {
        let mut best: Option<(Language, f32)> = None;
        for range in header.split(',').take(MOST_RANGES) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Language::from_tag) else { continue };
            let quality = parts.find_map(quality_of).unwrap_or(1.0);
            if quality > 0.0 && best.is_none_or(|(_, q)| quality > q) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }
}

impl From<settings::Language> for Language {
    fn from(language: settings::Language) -> Self {
        match language {
            settings::Language::English => Self::English,
            settings::Language::Spanish => Self::Spanish,
        }
    }
}

fn quality_of(parameter: &str) -> Option<f32> {
    parameter.trim().strip_prefix("q=").and_then(|q| q.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_over_the_browser() {
        assert_eq!(
            Language::choose(Some("es"), Some("en-US,en;q=0.9"), Language::English),
            Language::Spanish
        );
        assert_eq!(Language::choose(Some("ES-mx"), None, Language::English), Language::Spanish);
    }

    #[test]
    fn an_unknown_address_language_falls_back_to_the_browser() {
        assert_eq!(Language::choose(Some("klingon"), Some("es"), Language::English), Language::Spanish);
        assert_eq!(Language::choose(Some("klingon"), None, Language::English), Language::English);
    }

    #[test]
    fn the_browser_order_and_quality_are_kept() {
        let cases = [
            ("es-MX,es;q=0.9,en;q=0.8", Language::Spanish),
            ("en;q=0.5, es;q=0.7", Language::Spanish),
            ("fr,de", Language::English),
            ("es;q=0, en;q=0.1", Language::English),
            ("fr-CA, es;q=0.2", Language::Spanish),
            ("", Language::English),
            (";;;q=,,,", Language::English),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::choose(None, Some(header), Language::English), expected, "{header}");
        }
    }

    #[test]
    fn where_the_browser_wants_neither_the_default_is_taken_and_not_english() {
        for header in [None, Some("fr-CA, de;q=0.5"), Some("en;q=0"), Some("")] {
            assert_eq!(Language::choose(None, header, Language::Spanish), Language::Spanish, "{header:?}");
        }
        assert_eq!(Language::choose(None, Some("fr, en;q=0.1"), Language::Spanish), Language::English);
    }
}
