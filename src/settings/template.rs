//! Texts with places that are filled in later: `{name}`, where the name is one of a closed set. A template that was read has no unknown
//! place left, so that filling it cannot fail.

use serde_json::Value;

use super::reader::Choice;

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<Name>(Vec<Piece<Name>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<Name> {
    Text(String),
    Place(Name),
}

/// JSON with places in its texts, so that whatever is filled in stays a text.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonTemplate<Name> {
    Text(Template<Name>),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A number, a truth value or null.
    Fixed(Value),
}

/// Reads a text with places.
pub(super) fn template<Name: Choice>(text: &str) -> Result<Template<Name>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let place = behind.split_once('}').and_then(|(name, behind)| Some((named(name)?, behind)));
        let Some((name, behind)) = place else {
            let names: Vec<String> = Name::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect();
            return Err(format!("has a \"{{\" that begins none of {}", names.join(", ")));
        };
        pieces.extend((!before.is_empty()).then(|| Piece::Text(before.to_owned())));
        pieces.push(Piece::Place(name));
        rest = behind;
    }
    pieces.extend((!rest.is_empty()).then(|| Piece::Text(rest.to_owned())));
    Ok(Template(pieces))
}

/// Reads JSON with places in its texts.
pub(super) fn json_template<Name: Choice>(text: &str) -> Result<JsonTemplate<Name>, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "is not JSON (line {}, column {}); places stand inside of texts",
            error.line(),
            error.column()
        )
    })?;
    with_places(json)
}

fn with_places<Name: Choice>(json: Value) -> Result<JsonTemplate<Name>, String> {
    Ok(match json {
        Value::String(text) => JsonTemplate::Text(template(&text)?),
        Value::Array(values) => {
            JsonTemplate::List(values.into_iter().map(with_places).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| Ok((name, with_places(value)?)));
            JsonTemplate::Object(fields.collect::<Result<_, String>>()?)
        }
        fixed => JsonTemplate::Fixed(fixed),
    })
}

impl<Name: Copy> Template<Name> {
    /// The text with every place filled in.
    pub fn filled(&self, value: impl Fn(Name) -> String) -> String {
        let piece = |piece: &Piece<Name>| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(name) => value(*name),
        };
        self.0.iter().map(piece).collect()
    }

    /// The places that it has, in order.
    pub fn places(&self) -> impl Iterator<Item = Name> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Place(name) => Some(*name),
        })
    }
}

impl<Name: PartialEq> Template<Name> {
    /// Whether it has such a place.
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(&Piece::Place(name))
    }
}

impl<Name: PartialEq + Copy> JsonTemplate<Name> {
    /// Whether any of its texts has such a place.
    pub fn has(&self, name: Name) -> bool {
        match self {
            Self::Text(text) => text.has(name),
            Self::List(values) => values.iter().any(|one| one.has(name)),
            Self::Object(fields) => fields.iter().any(|(_, one)| one.has(name)),
            Self::Fixed(_) => false,
        }
    }
}

impl<Name: Copy> JsonTemplate<Name> {
    /// The places that it has, in order.
    pub fn places(&self) -> Vec<Name> {
        match self {
            Self::Text(text) => text.places().collect(),
            Self::List(values) => values.iter().flat_map(Self::places).collect(),
            Self::Object(fields) => fields.iter().flat_map(|(_, one)| one.places()).collect(),
            Self::Fixed(_) => Vec::new(),
        }
    }

    /// The JSON with every place filled in.
    pub fn filled(&self, value: &impl Fn(Name) -> String) -> Value {
        match self {
            Self::Text(text) => Value::String(text.filled(value)),
            Self::List(values) => values.iter().map(|one| one.filled(value)).collect(),
            Self::Object(fields) => {
                fields.iter().map(|(name, one)| (name.clone(), one.filled(value))).collect()
            }
            Self::Fixed(fixed) => fixed.clone(),
        }
    }
}

fn named<Name: Choice>(name: &str) -> Option<Name> {
    Name::ALL.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Name {
        Csn,
        Role,
    }

    impl Choice for Name {
        const ALL: &'static [(&'static str, Self)] = &[("csn", Self::Csn), ("role", Self::Role)];
    }

    fn value(name: Name) -> String {
        match name {
            Name::Csn => "1\"2{role}".to_owned(),
            Name::Role => "patient".to_owned(),
        }
    }

    #[test]
    fn places_are_filled_once_and_stay_texts() {
        let text = template::<Name>("/{csn}/{role}{role}x").unwrap();
        assert_eq!(text.filled(value), "/1\"2{role}/patientpatientx");
        let body = json_template::<Name>(r#"{"a": ["{csn}", 5, null], "b": {"{c}": "as {role}"}}"#).unwrap();
        let filled = json!({"a": ["1\"2{role}", 5, null], "b": {"{c}": "as patient"}});
        assert_eq!(body.filled(&value), filled);
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        for text in ["{", "{}", "{csn", "{cns}", "{ csn }", "{{csn}", "a{b}"] {
            let refused = template::<Name>(text).unwrap_err();
            assert!(refused.contains("none of {csn}, {role}"), "{text}: {refused}");
        }
        for body in ["", "{", "{csn}", r#"{"a": {csn}}"#, r#"{"a": "{b}"}"#, r#"["{"]"#] {
            assert!(json_template::<Name>(body).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_filled_in_the_body_is_still_json(text in "\\PC{0,40}") {
            let body = json_template::<Name>(r#"{"a": "<{csn}>"}"#).unwrap();
            let sent = body.filled(&|_| text.clone()).to_string();
            let read: Value = serde_json::from_str(&sent).unwrap();
            prop_assert_eq!(read, json!({"a": format!("<{text}>")}));
        }

        #[test]
        fn no_text_panics(text in "[{}a-z\\\\\"/\\PC]{0,60}") {
            let _ = template::<Name>(&text);
            let _ = json_template::<Name>(&text);
        }
    }
}
