//! What holds for every page: a language, a title, one main landmark, no inline code, and nothing unescaped.

use vestibule_domain::visit::device_test::TestOutcome;

use super::*;

const HOSTILE: &str = "\"><script>alert('x')</script><img src=x onerror=y>&amp;";

fn letterhead(text: &str) -> Letterhead {
    Letterhead { name: text.to_owned(), logo: Some(text.to_owned()), help: Some(text.to_owned()) }
}

fn status(phase: Phase, can_join: bool) -> VisitStatus {
    VisitStatus::new(Language::English, phase, can_join, MessageKey::WaitingForHost)
}

fn waiting(language: Language, text: &str, status: VisitStatus, watcher: Watcher) -> String {
    let link = ExternalLink::parse("https://test.example/check?a=1&b=2").unwrap();
    WaitingPage {
        language,
        organization: &letterhead(text),
        test_environment: true,
        ticket: text,
        tab_group: text,
        watcher,
        status,
        returned: None,
        device_test: Some(TestLink::BesideThePage),
        device_test_help: Some(&link),
        help_phone: Some(text),
    }
    .render()
    .unwrap()
}

fn set_up(language: Language, text: &str) -> Vec<(String, String)> {
    let organizations = [OrganizationLink {
        id: text.into(),
        name: text.into(),
        test_environment: Some(true),
        may_audit: true,
    }];
    let index = AdminPage {
        language,
        organizations: &organizations,
        may_make: true,
        no_id: None,
        signed_in: SignedIn::YES,
    };
    let kinds = ["provider", "patient", "group-provider", "group-patient", "visit-tools", "device-test"];
    let row = |kind| FdiRow {
        kind,
        url: text.into(),
        url_by_account: text.into(),
        context: text.into(),
        sample: Some(text.into()),
    };
    let rows: Vec<FdiRow> = kinds.into_iter().map(row).collect();
    let lines = FdiPage {
        language,
        organization: text,
        name: text,
        test_environment: false,
        fhir_base_url: text,
        client_id: text,
        redirect_uri: text,
        jwks_url: text,
        framed: true,
        by_account: ByAccount::KeyChanged,
        mychart_id_token: text,
        accounts: ProviderAccounts::Nowhere,
        rows: &rows,
        signed_in: SignedIn::YES,
    };
    vec![
        (format!("admin {language:?}"), index.render().unwrap()),
        (format!("fdi {language:?}"), lines.render().unwrap()),
    ]
}

fn board(language: Language, text: &str) -> OpsPage {
    let seen = vec![(text.into(), text.into())];
    OpsPage { language, seen, operated: vec![text.into()], signed_in: SignedIn::YES }
}

/// Every page, in every language it has, with `text` wherever a text from outside can come in.
fn every_page(text: &str) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let link = ExternalLink::parse("https://zoom.us/j/1?tk=%22%3E%3Cscript%3E").unwrap();
    for language in Language::ALL {
        for (phase, can_join) in [
            (Phase::Scheduled, false),
            (Phase::WaitingForHost, false),
            (Phase::InProgress, true),
            (Phase::Ended, false),
        ] {
            for watcher in [Watcher::Patient, Watcher::Provider] {
                let html = waiting(language, text, status(phase, can_join), watcher);
                pages.push((format!("waiting {language:?} {phase:?} {watcher:?}"), html));
            }
        }
        pages.extend(device_tests(language, text, &link));
        let fields = [("launch", text.to_owned()), ("state", text.to_owned())];
        let onward = OnwardPage {
            language,
            organization: &letterhead(text),
            test_environment: true,
            action: "https://epic.example.org/oauth2/authorize",
            fields: &fields,
        };
        pages.push((format!("onward {language:?}"), onward.render().unwrap()));
        for asking in [None, Some(None), Some(Some(Answered::Incomplete)), Some(Some(Answered::Wrong))] {
            let guest = GuestPage {
                language,
                organization: &letterhead(text),
                test_environment: true,
                action: text,
                in_other_language: text,
                asking: asking.map(|answered| Asking { answered }),
                help_phone: Some(text),
            };
            pages.push((format!("guest {language:?} {asking:?}"), guest.render().unwrap()));
        }
        pages.push((
            format!("tools {language:?}"),
            tools(language, text, &letterhead(text)).render().unwrap(),
        ));
        for reason in Reason::ALL {
            for audience in [Audience::Patient, Audience::Provider, Audience::Unknown] {
                let page = ErrorPage {
                    language,
                    reason,
                    audience,
                    organization: Some(&letterhead(text)),
                    correlation_id: text,
                    help_phone: Some(text),
                    opens: None,
                };
                pages.push((format!("error {language:?} {reason:?} {audience:?}"), page.render().unwrap()));
            }
        }
    }
    for language in Language::ALL {
        let samples = [records::samples, resend::samples, audit::samples, zoom::samples, set_up];
        pages.extend(samples.iter().flat_map(|of| of(language, text)));
    }
    for language in Language::ALL {
        let board = board(language, text);
        pages.push((format!("ops {language:?}"), board.render().unwrap()));
        pages.extend(sign_ins(language, text));
        let signed_in = SignedIn::BREAK_GLASS;
        let wall = WallPage { language, colours: WallColours::Dark, organization: Some(text), signed_in };
        pages.push((format!("wall {language:?}"), wall.render().unwrap()));
    }
    pages
}

/// The index and the ways to sign in.
fn sign_ins(language: Language, text: &str) -> Vec<(String, String)> {
    let index = IndexPage { language, with_operations: true, signed_in: SignedIn::NO };
    let mut pages = vec![(format!("index {language:?}"), index.render().unwrap())];
    let troubles = [
        SignInTrouble::WrongToken,
        SignInTrouble::Stale,
        SignInTrouble::Declined,
        SignInTrouble::NoRole,
        SignInTrouble::ProviderUnavailable,
        SignInTrouble::NotBelieved,
    ];
    for trouble in troubles {
        let page = SignInPage {
            language,
            next: Some(text),
            trouble: Some(trouble),
            provider: Some(Some(text)),
            by_token: true,
            break_glass: true,
            provider_sign_out: Some("https://id.example/end"),
            signed_out: true,
            unsent: false,
            signed_in: SignedIn::NO,
        };
        pages.push((format!("sign-in {language:?} {trouble:?}"), page.render().unwrap()));
    }
    for trouble in [BreakGlassTrouble::WrongSecret, BreakGlassTrouble::NoReason] {
        let (next, trouble, signed_in) = (Some(text), Some(trouble), SignedIn::BREAK_GLASS);
        let page = BreakGlassPage { language, next, trouble, reason: text, life: "1h", signed_in };
        pages.push((format!("break-glass {language:?}"), page.render().unwrap()));
    }
    pages
}

/// The ways to a meeting and to a device test out of a frame, and the pages after a test.
fn device_tests(language: Language, text: &str, link: &ExternalLink) -> Vec<(String, String)> {
    let stand_in = |stands_for| {
        let page = StandInPage {
            language,
            organization: &letterhead(text),
            test_environment: true,
            stands_for,
            link,
        };
        (format!("stand-in {language:?} {stands_for:?}"), page.render().unwrap())
    };
    let after = |outcome| {
        [None, Some(text)].map(|ticket| {
            let page = DeviceTestPage {
                language,
                organization: &letterhead(text),
                test_environment: true,
                name: text,
                outcome,
                ticket,
                help: Some(link),
                help_phone: Some(text),
            };
            (format!("device test {language:?} {outcome:?}"), page.render().unwrap())
        })
    };
    let after = TestOutcome::ALL.into_iter().flat_map(after);
    [StandsFor::Meeting, StandsFor::DeviceTest].map(stand_in).into_iter().chain(after).collect()
}

fn tools<'a>(language: Language, text: &'a str, organization: &'a Letterhead) -> ToolsPage<'a> {
    let who = [Who::Provider, Who::Patient, Who::Proxy, Who::Guest, Who::Telephone, Who::Unidentified];
    let presences = ["gone", "waiting", "in_waiting_room", "in_meeting"];
    let lines = who.into_iter().zip(presences.into_iter().cycle());
    let line = |(who, presence)| {
        let line = PersonLine::new(language, who, Some(text.to_owned()), presence, 7);
        line.tested(language, Some((TestOutcome::Passed, 7)))
    };
    let people: Vec<PersonLine> = lines.map(line).collect();
    let device = |line: &PersonLine| DeviceLine {
        line: line.clone(),
        instance: text.to_owned(),
        session: text.to_owned(),
        whose: Some(text.to_owned()),
    };
    let devices = people.iter().map(device).collect();
    let choice = Choice { who: text.to_owned(), role: "Patient", name: Some(text.to_owned()) };
    let here = Here { people, devices, choices: vec![choice] };
    let meeting = ToolsMeeting {
        id: "85012345678".into(),
        passcode: Some(text.to_owned()),
        numbers: vec![text.to_owned()],
    };
    let guest = GuestLine {
        id: text.to_owned(),
        name: Some(text.to_owned()),
        address: text.to_owned(),
        minutes_left: 5,
        locked: false,
        texts: Some(Texts { sent: 1, may_send: true }),
        no_phone: Some(text.to_owned()),
    };
    ToolsPage {
        language,
        organization,
        test_environment: true,
        ticket: text,
        note: Some(ToolsNote::Invited),
        reference: Some(text),
        here,
        guests: vec![GuestLine { locked: true, ..guest.clone() }, guest],
        asks_birth_date: true,
        inviting: Inviting::Open,
        meeting: Some(meeting),
    }
}

fn between<'a>(html: &'a str, before: &str, after: &str) -> &'a str {
    html.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map_or("", |(text, _)| text)
}

#[test]
fn every_page_has_a_language_a_title_a_main_landmark_and_one_heading() {
    for (name, html) in every_page("Lakeside Health") {
        assert!(["en", "es"].contains(&between(&html, "<html lang=\"", "\"")), "{name}");
        assert!(between(&html, "<title>", "</title>").trim().len() > 5, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.contains("name=\"viewport\""), "{name}");
    }
}

#[test]
fn no_page_has_inline_code_or_a_foreign_resource() {
    for (name, html) in every_page("Lakeside Health") {
        for forbidden in ["<style", " style=", "javascript:", "onclick", "onload", "<base"] {
            assert!(!html.contains(forbidden), "{forbidden} in {name}");
        }
        for tag in html.split("<script").skip(1) {
            assert!(tag.starts_with(" type=\"module\" src=\"/assets/"), "inline script in {name}");
        }
        for tag in html.split("<link").skip(1) {
            assert!(tag.contains("href=\"/assets/"), "foreign link in {name}");
        }
        assert!(!html.contains("src=\"http"), "foreign resource in {name}");
    }
}

#[test]
fn every_file_that_a_page_loads_is_there() {
    for (name, html) in every_page("Lakeside Health") {
        for rest in html.split("\"/assets/").skip(1) {
            let path = rest.split('"').next().unwrap();
            assert!(asset(path).is_some(), "{name} loads {path}");
        }
    }
}

#[test]
fn hostile_texts_stay_texts_on_every_page() {
    for (name, html) in every_page(HOSTILE) {
        assert!(!html.contains("<script>alert"), "{name}");
        // The organization's picture is ours.
        assert!(!html.replace("<img class=\"logo\" src=\"", "").contains("<img"), "{name}");
        assert!(!html.contains("onerror=y>"), "{name}");
        assert!(!html.contains("\"><script>"), "an attribute was closed in {name}");
    }
}

#[test]
fn a_hostile_text_is_still_readable_on_the_error_page() {
    let page = ErrorPage {
        language: Language::English,
        reason: Reason::RoleMismatch,
        audience: Audience::Patient,
        organization: Some(&letterhead("A & B <Clinic>")),
        correlation_id: "c-1",
        help_phone: None,
        opens: None,
    };
    let html = page.render().unwrap();
    assert!(html.contains("A &#38; B &#60;Clinic&#62;"), "{html}");
    assert!(html.contains("c-1") && html.contains("role-mismatch"));
    assert!(html.contains("MyChart") || html.contains("your own visit"));
}

#[test]
fn the_join_form_is_shown_exactly_when_the_person_may_go_in() {
    let waits = waiting(Language::English, "t", status(Phase::WaitingForHost, false), Watcher::Patient);
    let form = between(&waits, "<form id=\"join\"", ">");
    assert!(form.contains("hidden"), "{form}");
    assert!(waits.contains("Please wait for the host to start this meeting"));
    let goes = waiting(Language::English, "t", status(Phase::InProgress, true), Watcher::Patient);
    let form = between(&goes, "<form id=\"join\"", ">");
    assert!(!form.contains("hidden"), "{form}");
    assert!(form.contains("method=\"post\"") && form.contains("action=\"/visit/t/join?lang=en\""), "{form}");
}

#[test]
fn without_scripts_the_page_comes_back_by_itself_while_there_is_something_to_wait_for() {
    let html = waiting(Language::Spanish, "t", status(Phase::WaitingForHost, false), Watcher::Patient);
    let fallback = between(&html, "<noscript>", "</noscript>");
    assert!(
        fallback.contains("http-equiv=\"refresh\"") && fallback.contains("url=/visit/t?lang=es"),
        "{fallback}"
    );
    // Nothing is taken away from under a finger, and one may always look by oneself.
    for over in [status(Phase::InProgress, true), status(Phase::Ended, false)] {
        let html = waiting(Language::Spanish, "t", over, Watcher::Patient);
        assert!(!html.contains("http-equiv=\"refresh\""), "{html}");
        assert!(between(&html, "<noscript>", "</noscript>").contains("href=\"/visit/t?lang=es\""), "{html}");
    }
}

// WCAG 2.2.2.
#[test]
fn nothing_moves_for_more_than_five_seconds_by_itself() {
    let css = |name| {
        let url = asset_url(name);
        let file = asset(url.strip_prefix("/assets/").unwrap()).unwrap();
        String::from_utf8_lossy(file.bytes).into_owned()
    };
    for name in ["site.css", "person.css", "staff.css", "ops.css", "wall.css"] {
        let css = css(name);
        assert!(!css.contains("infinite"), "{name}");
    }
    assert!(
        css("person.css").contains("animation: breathe 2.1s ease-in-out 2;"),
        "4.8 s with the last delay"
    );
}

#[test]
fn the_titles_follow_the_visit() {
    let title = |phase, can_join| {
        let html = waiting(Language::English, "t", status(phase, can_join), Watcher::Patient);
        between(&html, "<title>", "</title>").to_owned()
    };
    assert_eq!(title(Phase::WaitingForHost, false), "Waiting for your video visit");
    assert_eq!(title(Phase::InProgress, true), "You can join your video visit");
    assert_eq!(title(Phase::Ended, false), "Your video visit has ended");
}

#[test]
fn the_stand_in_opens_a_window_that_knows_nothing_of_this_one() {
    let link = ExternalLink::parse("https://zoom.us/s/1?zak=abc").unwrap();
    let page = StandInPage {
        language: Language::English,
        organization: &letterhead("L"),
        test_environment: false,
        stands_for: StandsFor::Meeting,
        link: &link,
    };
    let html = page.render().unwrap();
    let anchor = between(&html, "<a class=\"primary\"", ">");
    assert!(
        anchor.contains("target=\"_blank\"") && anchor.contains("rel=\"noopener noreferrer\""),
        "{anchor}"
    );
    assert!(anchor.contains("href=\"https://zoom.us/s/1?zak=abc\""), "{anchor}");
}

/// What the tables of broken launches say that a person sees is what the page says.
#[test]
fn the_tables_of_broken_launches_say_what_the_pages_say() {
    let mut told = 0;
    let tables = [include_str!("../../docs/broken-launches.md"), include_str!("../../docs/epic-launches.md")]
        .join("\n");
    for row in tables.lines().filter(|line| line.starts_with("| ")) {
        let known = |reason: &Reason| row.contains(&format!("`{}`", reason.code()));
        let Some(reason) = Reason::ALL.into_iter().find(known) else { continue };
        let status = format!("| {} `{}`", reason.status(), reason.code());
        assert!(row.contains(&status), "{status} is not in: {row}");
        let title = words::reason(Language::English, reason).title;
        assert!(
            row.contains(&format!("\"{title}\"")) || row.contains("| the same"),
            "{title} is not in: {row}"
        );
        told += 1;
    }
    assert!(told > 25, "{told}");
}
