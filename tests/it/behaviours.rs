//! What the documents promise towards Epic is kept by tests, which are named there or by their numbers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all functions in the code of the project that tests may be in.
fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["src", "actors", "tests"] {
        collect(&root().join(folder), &mut found);
    }
    assert!(found.len() > 1_000, "the code was not found");
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "node_modules" && name != "target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let tests = text.split("fn ").skip(1).filter_map(|rest| rest.split_once(['(', '<']));
            found.extend(tests.map(|(name, _)| name.to_owned()));
        }
    }
}

/// The numbers of a list.
fn numbers(text: &str) -> BTreeSet<u32> {
    text.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect()
}

/// The number that a test is named for.
fn number_of(test: &str) -> Option<u32> {
    test.strip_prefix('e')?.split_once('_')?.0.parse().ok()
}

#[test]
fn each_behaviour_towards_epic_is_kept_by_a_test_named_for_its_number() {
    assert_eq!(numbers("1. a\n\n12. b. c\nno. 3\n"), [1, 12].into());
    let text = fs::read_to_string(root().join("docs/epic-behaviours.md")).unwrap();
    let (promised, kept) = (numbers(&text), functions());
    let kept: BTreeSet<u32> = kept.iter().filter_map(|test| number_of(test)).collect();
    // These have to be there, whatever else is.
    for number in (1..=39).chain(41..=45).chain(47..=50) {
        assert!(promised.contains(&number), "{number} is not in the list any more");
    }
    assert_eq!(
        promised.difference(&kept).collect::<Vec<_>>(),
        Vec::<&u32>::new(),
        "no test is named for these"
    );
    assert_eq!(
        kept.difference(&promised).collect::<Vec<_>>(),
        Vec::<&u32>::new(),
        "the list does not have these"
    );
}

#[test]
fn each_row_of_what_goes_wrong_names_a_test() {
    let text = fs::read_to_string(root().join("docs/broken-launches.md")).unwrap();
    let tests = functions();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows: Vec<&str> = rows.filter(|line| !line.ends_with("Played by |")).collect();
    assert!(rows.len() > 25, "{}", rows.len());
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        let name = last.trim_matches('`');
        assert!(tests.contains(name), "there is no {name}: {row}");
    }
}
