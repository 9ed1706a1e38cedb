//! The page in each of its states, in each language.

use super::*;
use crate::web::Page;

fn page(language: Language, text: &str, state: ResendState) -> ResendPage {
    ResendPage {
        language,
        organization: text.to_owned(),
        search: "organization=lakeside&outcome=parked".to_owned(),
        state,
        refused: None,
        has_changed: true,
        signed_in: SignedIn::YES,
    }
}

fn count(number: usize, act: &str) -> ResendState {
    ResendState::Counted(ResendCount {
        records: number,
        updates: number,
        people: number,
        visits: number,
        gone: number,
        unsearched: number,
        nobody: number,
        act: act.to_owned(),
        at: 0,
    })
}

pub(in crate::web) fn samples(language: Language, text: &str) -> Vec<(String, String)> {
    let notes = ResendNote::ALL.map(ResendState::Told);
    let too_much =
        [TooMuch::Records { most: 2_000 }, TooMuch::Updates { updates: 700, most: 500 }, TooMuch::Searched];
    let states = [count(0, text), count(1, text), count(2, text)].into_iter().chain(notes);
    let states = states.chain(too_much.map(ResendState::TooMuch));
    let named = |state: ResendState| {
        (format!("resend {language:?} {state:?}"), page(language, text, state).render().unwrap())
    };
    states.map(named).collect()
}

#[test]
fn each_note_is_found_again_by_its_code() {
    for note in ResendNote::ALL {
        assert_eq!(ResendNote::of(note.code()), Some(note));
        for language in Language::ALL {
            assert!(words::note(language, note).ends_with('.'));
        }
    }
}

#[test]
fn one_and_several_are_said_as_people_say_them() {
    for (language, number, said) in [
        (Language::English, 1, "<strong>1 update</strong> of 1 person in 1 visit, for 1 record."),
        (Language::English, 3, "<strong>3 updates</strong> of 3 people in 3 visits, for 3 records."),
        (Language::Spanish, 1, "<strong>1 aviso</strong> de 1 persona en 1 visita, por 1 registro."),
        (Language::Spanish, 3, "<strong>3 avisos</strong> de 3 personas en 3 visitas, por 3 registros."),
        (Language::Spanish, 1, "<li>1 registro es de una visita que ya no se conserva"),
        (Language::Spanish, 3, ">Enviar 3 avisos de nuevo</button>"),
        (Language::Spanish, 0, "No hay nada que enviar."),
    ] {
        let html = page(language, "Lakeside", count(number, "act")).render().unwrap();
        assert!(html.contains(said), "{said} is not in {html}");
        assert!(number == 0 || html.contains(language.reason_field().label), "{html}");
    }
}

#[test]
fn why_it_is_too_much_is_told_with_its_bounds_on_the_page_and_in_the_api() {
    let why = TooMuch::Updates { updates: 700, most: 500 };
    assert_eq!(
        why.to_string(),
        "that would be 700 updates, and one act sends 500 at most: narrow the search by time, code or outcome"
    );
    for (language, told) in [
        (Language::English, format!("It is too much at once: {why}.")),
        (
            Language::Spanish,
            "Es demasiado de una vez: serían 700 avisos, y de una vez se envían 500 como máximo: acote la búsqueda por hora, código o resultado."
                .to_owned(),
        ),
    ] {
        let html = page(language, "Lakeside", ResendState::TooMuch(why)).render().unwrap();
        assert!(html.contains(&told), "{told} is not in {html}");
    }
}

#[test]
fn the_links_keep_the_language_and_the_switch_keeps_the_note() {
    let told = page(Language::Spanish, "Lakeside", ResendState::Told(ResendNote::Already));
    let search = "organization=lakeside&outcome=parked";
    assert_eq!(told.records_url(), format!("/records?{search}&lang=es"));
    assert_eq!(told.url(), format!("/records/resend?{search}&lang=es"));
    assert_eq!(told.in_other_language(), format!("/records/resend?{search}&lang=en&note=already-done"));
    let counted = page(Language::English, "Lakeside", count(1, "act"));
    assert_eq!(counted.in_other_language(), format!("/records/resend?{search}&lang=es"));
}
