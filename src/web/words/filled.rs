//! Texts with holes.

/// A text with each of its holes filled, in their order.
pub fn filled(text: &str, with: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for (part, put) in parts.zip(with) {
        whole.extend([put, part]);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_in_their_order() {
        assert_eq!(filled("{}, version {}", &["lakeside", "3"]), "lakeside, version 3");
        assert_eq!(filled("by {} on {}: {}.", &["a {}", "b", "c"]), "by a {} on b: c.");
        assert_eq!(filled("none", &["x"]), "none");
    }
}
