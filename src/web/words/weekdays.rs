//! The days of the week.

use jiff::civil::Weekday;

use super::super::language::Language;

/// The name of a day, as a heading begins with it.
pub fn weekday(language: Language, day: Weekday) -> &'static str {
    let (english, spanish) = match day {
        Weekday::Monday => ("Monday", "Lunes"),
        Weekday::Tuesday => ("Tuesday", "Martes"),
        Weekday::Wednesday => ("Wednesday", "Miércoles"),
        Weekday::Thursday => ("Thursday", "Jueves"),
        Weekday::Friday => ("Friday", "Viernes"),
        Weekday::Saturday => ("Saturday", "Sábado"),
        Weekday::Sunday => ("Sunday", "Domingo"),
    };
    match language {
        Language::English => english,
        Language::Spanish => spanish,
    }
}
