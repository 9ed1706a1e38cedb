//! What the page shows, in each language.

use super::samples::{found, page, record};
use super::*;

fn has(html: &str, expected: &[&str]) {
    for text in expected {
        assert!(html.contains(text), "{text} is not in {html}");
    }
}

fn unanswered() -> RecordRow {
    let at = "1970-01-02T00:00:09Z".parse().unwrap();
    RecordRow { resp_code: 0, at, says: Says::Connected(false), ..record("y") }
}

fn refused() -> RecordRow {
    RecordRow {
        meeting_id: Some("85012345678".into()),
        outcome: Became::Parked,
        occurred_at_site: "18:00:00 CST".into(),
        occurred_that_day: true,
        epic_code: Some("INVALID-CONFERENCE-ID".into()),
        ..record("x")
    }
}

#[test]
fn records_show_what_the_article_promises() {
    let html = page(Language::English, "lakeside", found(vec![refused(), unanswered()], None));
    has(
        &html,
        &[
            "RespCode",
            "850 1234 5678",
            "INVALID-CONFERENCE-ID",
            "1970-01-01 00:00:00 UTC</span>",
            ">18:00:00 CST</time></span><br><span class=\"quiet nowrap\">00:00:00 UTC</span>",
            ">y</time></span><br><span class=\"quiet nowrap\">1970-01-01 00:00:00 UTC</span>",
            "<a href=\"/visits/lakeside/x?lang=en\">x</a>",
            "34 ms",
            "1 of 3",
            "no answer",
            "device test: failed",
            "data-tone=\"bad\"",
            "2 records on this page",
        ],
    );
}

/// The tag of a field, as it is written.
fn field(html: &str, id: &str) -> String {
    let (_, rest) = html.split_once(&format!(" id=\"{id}\" ")).unwrap_or_else(|| panic!("{id}: {html}"));
    rest.split('>').next().unwrap().to_owned()
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_what_was_entered_stays() {
    use UnusableSearch::*;
    let query = RecordsQuery {
        meeting_id: "12".into(),
        csn: "é".into(),
        outcome: "lost".into(),
        resp_code: "7".into(),
        epic_code: "a b".into(),
        from: "soon".into(),
        to: "late".into(),
        ..RecordsQuery::default()
    };
    for (why, id, kept) in [
        (NoOrganization, "organization", ""),
        (Empty, "meeting_id", "12"),
        (NotAMeetingId, "meeting_id", "12"),
        (NotACsn, "csn", "é"),
        (NotAnOutcome, "outcome", "lost"),
        (NotACode, "resp_code", "7"),
        (NotAnEpicCode, "epic_code", "a b"),
        (NotAStart, "from", "soon"),
        (NotAnEnd, "to", "late"),
        (EndsBeforeItBegins, "to", "late"),
    ] {
        for language in [Language::English, Language::Spanish] {
            let result = RecordsResult::Unusable(vec![why]);
            let html = RecordsPage { result, ..of(&query, language) }.render().unwrap();
            let tag = field(&html, id);
            let mark = format!("aria-invalid=\"true\" aria-describedby=\"{id}-problem\"");
            assert!(tag.contains(&mark), "{why:?}: {tag}");
            let said = words::unusable(language, why);
            let label = format!("for=\"{id}\"");
            let beside = html.split(&label).nth(1).unwrap().split("</div>").next().unwrap();
            assert!(beside.contains(said) && beside.contains(&format!("id=\"{id}-problem\"")), "{beside}");
            assert!(beside.contains(&format!("value=\"{kept}\"")), "{beside}");
            assert_eq!(html.matches("aria-invalid").count(), 1, "{why:?}");
            assert!(!html.contains("class=\"banner\"") && html.contains(of(&query, language).words().mend));
        }
    }
}

#[test]
fn two_names_of_a_visit_are_both_marked_and_told_of_once() {
    let query = RecordsQuery { meeting_id: "1".into(), csn: "2".into(), ..RecordsQuery::default() };
    let result = RecordsResult::Unusable(vec![UnusableSearch::Both]);
    let html = RecordsPage { result, ..of(&query, Language::English) }.render().unwrap();
    for id in ["meeting_id", "csn"] {
        let mark = "aria-invalid=\"true\" aria-describedby=\"meeting_id-problem\"";
        assert!(field(&html, id).contains(mark), "{html}");
    }
    assert_eq!(html.matches("not both").count(), 1);
}

// A record's address is no field, so that it is told above all.
#[test]
fn what_no_field_has_is_told_by_itself() {
    let query = RecordsQuery::default();
    let result = RecordsResult::Unusable(vec![UnusableSearch::NotARecord]);
    let html = RecordsPage { result, ..of(&query, Language::English) }.render().unwrap();
    has(&html, &["<p class=\"banner\" role=\"alert\">That is not the address of a record.</p>"]);
    assert!(!html.contains("aria-invalid"));
}

#[test]
fn in_spanish_words_are_translated_and_codes_and_values_are_not() {
    let told =
        RecordRow { hint: Some("Epic did not answer in time; it is tried again.".into()), ..refused() };
    let html = page(Language::Spanish, "lakeside", found(vec![told, unanswered()], None));
    has(
        &html,
        &[
            "<html lang=\"es\">",
            "RespCode",
            "INVALID-CONFERENCE-ID",
            "data-tone=\"bad\"",
            "<option value=\"parked\">apartado</option>",
            "<span class=\"tone\">apartado</span>",
            "<td>paciente</td>",
            "prueba del dispositivo: fallida",
            "salió<br><span class=\"quiet nowrap\">el <time",
            "a las <time datetime=\"1970-01-01T00:00:00Z\">18:00:00 CST",
            "sin respuesta",
            "1 de 3",
            "Epic no respondió a tiempo; se intenta de nuevo.",
            // What has no translation is English, and a screen reader is told so.
            "<span lang=\"en\">y</span>",
            "<li><span lang=\"en\">Look at &#60;it&#62;.</span></li>",
            "2 registros en esta página",
        ],
    );
    let english = page(Language::English, "lakeside", found(vec![unanswered()], None));
    assert!(!english.contains("<span lang="), "{english}");
}

#[test]
fn what_was_not_sent_is_no_answer_that_did_not_come() {
    let never = RecordRow { attempt: 0, attempts: None, latency_ms: None, ..unanswered() };
    has(&page(Language::English, "l", found(vec![never.clone()], None)), &["not sent"]);
    has(&page(Language::Spanish, "l", found(vec![never], None)), &["sin enviar"]);
}

#[test]
fn each_outcome_is_said_in_each_language_and_searched_for_by_one_word() {
    let words = ["delivered", "retrying", "parked", "superseded"];
    assert_eq!(Became::ALL.map(Became::code), words);
    let spanish = Became::ALL.map(|it| words::became(Language::Spanish, it));
    assert!(spanish.iter().all(|said| !words.contains(said)), "{spanish:?}");
}

/// A page with the empty form, of a search for `query`.
fn of(query: &RecordsQuery, language: Language) -> RecordsPage<'_> {
    RecordsPage {
        language,
        organizations: &[],
        query,
        result: RecordsResult::NotAsked,
        may_resend: false,
        signed_in: SignedIn::NO,
    }
}

#[test]
fn the_links_carry_the_cleaned_search_and_the_language() {
    let query = RecordsQuery {
        organization: "lakeside".into(),
        meeting_id: "850 1234 5678".into(),
        ..RecordsQuery::default()
    };
    let page = of(&query, Language::Spanish);
    let search = "/records?organization=lakeside&meeting_id=85012345678";
    assert_eq!(page.address(), search, "the address to give to others is of no language");
    assert_eq!(page.first_url(), format!("{search}&lang=es"));
    assert_eq!(page.next_url("a&b"), format!("{search}&cursor=a%26b&lang=es"));
    assert!(!page.csv_url().contains("lang"));
}

#[test]
fn the_switch_keeps_what_was_entered_usable_or_not() {
    let blank = RecordsQuery::default();
    assert_eq!(of(&blank, Language::English).in_other_language(), "/records?lang=es");
    let query = RecordsQuery {
        organization: "lakeside".into(),
        meeting_id: "12".into(),
        csn: "a&b".into(),
        outcome: "parked".into(),
        cursor: Some("7".into()),
        ..RecordsQuery::default()
    };
    assert_eq!(
        of(&query, Language::Spanish).in_other_language(),
        "/records?organization=lakeside&meeting_id=12&csn=a%26b&outcome=parked&cursor=7&lang=en"
    );
}
