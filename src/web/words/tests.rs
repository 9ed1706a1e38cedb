//! What a page says stands in its words, of which no language can lack one, and not in its template.

use std::fs;
use std::path::Path;

/// Names, what Epic, Zoom and programs call things, and what is alike in both languages.
const NAMES: [&str; 31] = [
    "Vestibule",
    "CONTEXT",
    "CSN",
    "RespCode",
    "PACS",
    "SMART",
    "ON",
    "FHIR",
    "URL",
    "JWK",
    "Set",
    "Client",
    "ClientID",
    "ID",
    "Redirect",
    "URI",
    "OAuth",
    "Event",
    "Type",
    "Model",
    "Record",
    "Patient",
    "Protected",
    "Launchtype",
    "Use",
    "edge",
    "browser",
    "redirect",
    "notification",
    "endpoint",
    "min",
];

/// The words of a template that are neither markup nor filled in, attributes that people hear or read included.
fn own_words(template: &str) -> Vec<String> {
    let mut text = template.to_owned();
    for (begin, end) in [
        ("{% block body_class %}", "{% endblock %}"),
        ("{#", "#}"),
        ("{%", "%}"),
        ("{{", "}}"),
        ("<!", ">"),
        ("&", ";"),
    ] {
        while let Some((before, rest)) = text.split_once(begin) {
            let Some((_, after)) = rest.split_once(end) else { break };
            text = format!("{before} {after}");
        }
    }
    let mut spoken = String::new();
    for part in text.split('<') {
        let (tag, rest) = part.split_once('>').unwrap_or(("", part));
        for name in ["aria-label=\"", "placeholder=\"", "title=\"", "alt=\""] {
            let said = tag.split_once(name).and_then(|(_, value)| value.split_once('"'));
            spoken.extend([said.map_or("", |(value, _)| value), " "]);
        }
        spoken.extend([rest, " "]);
    }
    let words = spoken.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 1);
    words.filter(|word| !NAMES.contains(word)).map(str::to_owned).collect()
}

#[test]
fn no_template_has_words_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/templates");
    let mut seen = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let found = own_words(&fs::read_to_string(&path).unwrap());
        seen += 1;
        assert!(found.is_empty(), "{name} says: {found:?}");
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn words_of_a_template_are_found_wherever_they_stand() {
    let template = "<p title=\"Tall {{ x }}\">{% if y %}Big{% endif %} <b aria-label='no'>CSN</b> &nbsp;<input placeholder=\"Wide\"></p>";
    assert_eq!(own_words(template), ["Tall", "Big", "Wide"]);
}
