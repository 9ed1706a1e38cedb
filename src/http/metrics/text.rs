//! The two text formats that scrapers ask for.

use std::fmt;

use prometheus_client::encoding::text::encode as encode_openmetrics;
use prometheus_client::registry::Registry;

/// The content type of [`TextFormat::OpenMetrics`].
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The content type of [`TextFormat::Prometheus`].
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// What newer scrapers ask for.
    OpenMetrics,
    /// What every scraper and every person reads.
    Prometheus,
}

impl TextFormat {
    /// The format that an `Accept` header asks for.
    pub fn accepted(accept: Option<&str>) -> Self {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Self::OpenMetrics,
            _ => Self::Prometheus,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => OPENMETRICS,
            Self::Prometheus => PROMETHEUS,
        }
    }
}

pub(super) fn encode(registry: &Registry, format: TextFormat) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode_openmetrics(&mut text, registry)?;
    Ok(match format {
        TextFormat::OpenMetrics => text,
        TextFormat::Prometheus => without_openmetrics(&text),
    })
}

/// OpenMetrics describes a counter by its bare name, the older format by the name of its samples, which end in `_total`; and the older
/// format has no end mark.
fn without_openmetrics(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut out = String::with_capacity(text.len() + counters.len() * 12);
    for line in text.lines().filter(|line| *line != "# EOF") {
        match described(line) {
            Some((mark, name, rest)) if counters.contains(&name) => {
                out.extend([mark, name, "_total ", rest, "\n"]);
            }
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

/// The parts of a `# HELP name text` or `# TYPE name kind` line.
fn described(line: &str) -> Option<(&str, &str, &str)> {
    let (mark, rest) =
        ["# HELP ", "# TYPE "].iter().find_map(|mark| Some((*mark, line.strip_prefix(mark)?)))?;
    let (name, rest) = rest.split_once(' ')?;
    Some((mark, name, rest))
}
