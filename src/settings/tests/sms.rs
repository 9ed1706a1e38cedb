//! The gateway for text messages: what is refused, and that its headers are nobody's to read.

use super::super::{SmsField, effective_toml};
use super::{ORGANIZATION, folder, load, problems_with};

const GATEWAY: &str = "[organization.lakeside.sms]\nurl = \"https://sms.example.org/v1/send?api=2\"\n";
const BODY: &str = "body = '{\"to\": \"{phone}\", \"text\": \"{text}\"}'\n";

#[test]
fn e48_each_mistake_about_the_gateway_is_named() {
    for (text, expected) in [
        ("", "body: is needed, because `url` is set"),
        ("body = '{\"to\": \"{phone}\"}'", "body: has neither {text} nor {link}"),
        ("body = '{\"text\": \"{text}\"}'", "body: has neither {phone} nor {phone_digits}"),
        (
            "body = '{\"to\": \"{number}\", \"text\": \"{text}\"}'",
            "body: has a \"{\" that begins none of {phone}",
        ),
        ("body = '{\"to\": {phone}, \"text\": \"{text}\"}'", "body: is not JSON (line 1"),
        ("body = 'To={phone}&Body={text}'", "body: is not JSON"),
        ("content = \"form\"\nbody = 'To={phone}&{text}'", "body: is no form such as"),
        ("content = \"form\"\nbody = 'To={phone}&Body=Hello {text}'", "body: is no form such as"),
        ("content = \"xml\"", "content: \"xml\" is none of \"json\", \"form\""),
        ("method = \"GET\"", "method: \"GET\" is none of \"POST\", \"PUT\""),
        ("url = \"http://sms.example.org/send\"", "url: must begin with https://"),
        ("url = \"https://sms.example.org/{phone}\"", "url: may have no places"),
        ("text = \"Come in\"", "text: has no {link}"),
        ("text = \"{link} {patient}\"", "text: has a \"{\" that begins none of {link}, {organization}"),
        ("sent_statuses = []", "sent_statuses: needs at least one"),
        ("sent_statuses = [\"ok\"]", "sent_statuses: \"ok\" is neither \"2xx\" nor"),
        ("timeout = \"31s\"", "timeout: 31s is outside of 500ms to 30s"),
        ("messages_per_minute = 0", "messages_per_minute: 0 is outside"),
        ("concurrent = 0", "concurrent: 0 is outside"),
        ("messages_per_link = 21", "messages_per_link: 21 is outside of 1 to 20"),
        ("country_prefix = \"1\"", "country_prefix: \"1\" is no country's code"),
        ("country_prefix = \"+0\"", "country_prefix: \"+0\" is no country's code"),
        ("headers = { \"content-type\" = \"x\" }", "headers.content-type: is no header that can be set here"),
        ("headers = { \"a b\" = \"x\" }", "headers.a b: is no header that can be set here"),
        ("headers = { authorization = \"a\\nb\" }", "headers.authorization: has a character"),
        ("headers = { authorization_file = \"absent\" }", "absent cannot be read"),
        ("header_lines = [\"Bearer abc\"]", "header_lines: line 1 is no header, such as"),
        ("header_lines = [\"a: b\", \"Host: x\"]", "header_lines: line 2 names no header that can be set"),
        ("header_lines = [\"a: \"]", "header_lines: line 1 has no value"),
        ("headers = { authorization = 1 }", "headers.authorization: must be a text"),
        ("body_template = \"\"", "body_template: is no setting; here are: body"),
    ] {
        let key = text.split(" = ").next().unwrap_or_default();
        let gateway = if key == "url" { "[organization.lakeside.sms]\n" } else { GATEWAY };
        let body = if text.contains("body = ") || text.is_empty() || text.starts_with("content") {
            ""
        } else {
            BODY
        };
        let problems = problems_with(&format!("{gateway}{body}{text}"));
        assert!(problems.len() == 1 && problems[0].contains(expected), "{text}: {problems:?}");
        assert!(problems[0].contains("organization.lakeside.sms."), "{problems:?}");
    }
}

#[test]
fn e48_without_an_address_there_is_no_gateway_and_mistakes_are_found_all_the_same() {
    let folder = folder();
    let settings = load(folder.path(), &[ORGANIZATION], &[]).unwrap();
    assert!(settings.organization("lakeside").unwrap().1.sms.is_none());
    let problems = problems_with("[organization.lakeside.sms]\ntext = \"Come in\"");
    assert!(problems.len() == 1 && problems[0].contains("text: has no {link}"), "{problems:?}");
}

#[test]
fn e48_a_gateways_headers_are_secrets_and_may_lie_in_files() {
    let folder = folder();
    std::fs::write(folder.path().join("sms-key"), "Bearer hidden-one\n").unwrap();
    let headers = "headers = { Authorization_file = \"sms-key\", X-Account = \"hidden-two\" }\nheader_lines = [\"X-Line:  hidden-three\"]";
    let text = format!("{GATEWAY}{BODY}{headers}");
    let settings = load(folder.path(), &[ORGANIZATION, &text], &[]).unwrap();
    let sms = settings.organization("lakeside").unwrap().1.sms.as_ref().unwrap();
    let sent: Vec<(&str, &str)> =
        sms.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(
        sent,
        [("authorization", "Bearer hidden-one"), ("x-account", "hidden-two"), ("x-line", "hidden-three")]
    );
    assert_eq!(sms.origin.as_str(), "https://sms.example.org");
    let filled = match &sms.body {
        super::super::SmsBody::Json(body) => body.filled(&|field: SmsField| format!("{field:?}")),
        super::super::SmsBody::Form(_) => panic!("no form"),
    };
    assert_eq!(filled, serde_json::json!({"to": "Phone", "text": "Text"}));
    for shown in [effective_toml(&settings), format!("{settings:?}")] {
        assert!(!shown.contains("hidden-"), "{shown}");
    }
    // The environment goes before files, as everywhere.
    let variable = [("VESTIBULE__ORGANIZATION__LAKESIDE__SMS__HEADERS__AUTHORIZATION", "Bearer third")];
    let plain = format!("{GATEWAY}{BODY}headers = {{ authorization_file = \"sms-key\" }}");
    let settings = load(folder.path(), &[ORGANIZATION, &plain], &variable).unwrap();
    let sms = settings.organization("lakeside").unwrap().1.sms.as_ref().unwrap();
    assert_eq!(sms.headers[0].1.expose(), "Bearer third");
}
