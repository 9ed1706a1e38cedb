//! What the compiler does not hold: the arrows between the crates, the form of files, and that each invariant of
//! ARCHITECTURE.md is cited by a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 500;
/// Folders that are made and not written.
const MADE: [&str; 5] = ["target", ".git", "node_modules", "vestibule-data", "output"];
const CODE: [&str; 9] = ["rs", "js", "mjs", "ts", "html", "css", "py", "sh", "lua"];
const TEXT: [&str; 8] = ["toml", "md", "json", "lock", "yml", "yaml", "svg", "txt"];

/// What the domain may be built from. Anything else would bring I/O, a clock or chance within its reach.
const DOMAIN_MAY_USE: [&str; 2] = ["serde", "thiserror"];
/// What the actors may be built from: nothing that speaks HTTP or opens a file.
const ACTORS_MAY_USE: [&str; 11] = [
    "actix",
    "actix-rt",
    "futures-util",
    "lz4_flex",
    "serde",
    "serde_json",
    "thiserror",
    "tokio",
    "tracing",
    "uuid",
    "vestibule-domain",
];
const DOMAIN_NEVER_SAYS: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "HashMap",
    "HashSet",
    "Instant::now",
    "SystemTime",
];
const ACTORS_NEVER_SAY: [&str; 6] = ["std::fs", "std::net", "actix_web", "actix_ws", "awc::", "redb::"];

struct File {
    /// Relative to the root of the project, with forward slashes.
    name: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn project() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    assert!(files.len() > 50, "the project was not found");
    files
}

fn collect(folder: &Path, files: &mut Vec<File>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !MADE.contains(&name.as_str()) {
                collect(&path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            files.push(File { name, text });
        }
    }
}

fn extension(name: &str) -> &str {
    Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn is_code(file: &File) -> bool {
    CODE.contains(&extension(&file.name)) || file.text.starts_with("#!")
}

fn is_text(file: &File) -> bool {
    is_code(file) || TEXT.contains(&extension(&file.name)) || extension(&file.name).is_empty()
}

/// The names of the dependencies that a build of the crate uses.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = fs::read_to_string(root().join(manifest)).unwrap().parse().unwrap();
    let tables =
        ["dependencies", "build-dependencies"].into_iter().filter_map(|name| manifest.get(name)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

fn beyond(manifest: &str, allowed: &[&str]) -> Vec<String> {
    dependencies(manifest).into_iter().filter(|name| !allowed.contains(&name.as_str())).collect()
}

#[test]
fn the_domain_and_the_actors_are_built_from_what_they_may_use() {
    assert_eq!(beyond("actors/domain/Cargo.toml", &DOMAIN_MAY_USE), Vec::<String>::new());
    assert_eq!(beyond("actors/Cargo.toml", &ACTORS_MAY_USE), Vec::<String>::new());
    assert!(
        !beyond("Cargo.toml", &ACTORS_MAY_USE).is_empty(),
        "the rule finds nothing where there is something"
    );
}

#[test]
fn the_domain_and_the_actors_do_not_reach_outside() {
    let mut found = Vec::new();
    for file in project().iter().filter(|file| extension(&file.name) == "rs") {
        let never: &[&str] = if file.name.starts_with("actors/domain/src/") {
            &DOMAIN_NEVER_SAYS
        } else if file.name.starts_with("actors/src/") {
            &ACTORS_NEVER_SAY
        } else {
            continue;
        };
        found.extend(says(file, never));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Where the code of a file, its comments aside, says one of these.
fn says(file: &File, words: &[&str]) -> Vec<String> {
    let code = file.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let hits = code.flat_map(|(number, line)| {
        let said = words.iter().filter(move |word| line.contains(**word));
        said.map(move |word| format!("{}:{} says {word}", file.name, number + 1))
    });
    hits.collect()
}

#[test]
fn every_crate_follows_the_lints_of_the_workspace() {
    for manifest in ["Cargo.toml", "actors/Cargo.toml", "actors/domain/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest}");
    }
    for folder in ["", "actors", "actors/domain"] {
        assert!(root().join(folder).join("clippy.toml").is_file(), "{folder}/clippy.toml");
    }
}

#[test]
fn every_file_of_code_says_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for file in project().iter().filter(|file| is_code(file)) {
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{} has {lines} lines; at most {LINES_MAX} are one idea", file.name));
        }
        if extension(&file.name) == "rs" && !file.text.starts_with("//! ") {
            wrong.push(format!("{} does not begin with a //! sentence", file.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_is_left_unfinished() {
    // Written in halves, so that this file does not find itself.
    let marks = [["todo", "!("], ["unimplemented", "!("], ["FIX", "ME"], ["XX", "X:"], ["#[ign", "ore"]]
        .map(|half| half.concat());
    assert_eq!(lines_with(&marks, is_code), Vec::<String>::new());
}

#[test]
fn nothing_tells_of_the_machine_that_it_was_written_on() {
    let marks = [
        ["/wo", "rk/"],
        ["/fa", "rm/"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["../sha", "red"],
        ["crates.", "io/"],
        ["registry.", "npmjs"],
        ["pypi.", "org"],
        ["deb.", "debian"],
    ]
    .map(|half| half.concat());
    assert_eq!(lines_with(&marks, is_text), Vec::<String>::new());
}

/// Where a file of the kind has one of the marks.
fn lines_with(marks: &[String], kind: fn(&File) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in project().iter().filter(|file| kind(file)) {
        for (number, line) in file.text.lines().enumerate() {
            let marked = marks.iter().filter(|mark| line.contains(mark.as_str()));
            found.extend(marked.map(|mark| format!("{}:{} has {mark}", file.name, number + 1)));
        }
    }
    found
}

#[test]
fn every_invariant_is_cited_by_a_test() {
    let architecture =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md numbers the invariants");
    let stated = invariants(&architecture);
    assert!(stated.len() >= 15, "ARCHITECTURE.md states {stated:?} only");
    let mut cited = BTreeSet::new();
    for file in
        project().iter().filter(|file| extension(&file.name) == "rs" && file.name != "tests/it/tidy.rs")
    {
        cited.extend(test_comments(file).flat_map(invariants));
    }
    let uncited: Vec<_> = stated.difference(&cited).collect();
    assert_eq!(
        uncited,
        Vec::<&u32>::new(),
        "invariants that no test's comment cites (write `// I4: ...` above it)"
    );
    let unstated: Vec<_> = cited.difference(&stated).collect();
    assert_eq!(unstated, Vec::<&u32>::new(), "cited by tests and not stated");
}

/// The comments of a file's tests: the whole file in a folder of tests, else what follows `#[cfg(test)]`.
fn test_comments(file: &File) -> impl Iterator<Item = &str> {
    let all = file.name.contains("tests/") || file.name.ends_with("tests.rs");
    let tests = if all {
        Some(file.text.as_str())
    } else {
        file.text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
    };
    tests.unwrap_or_default().lines().filter(|line| line.trim_start().starts_with("//"))
}

/// The numbers n of the words `In` in a text.
fn invariants(text: &str) -> BTreeSet<u32> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter_map(|word| word.strip_prefix('I')?.parse().ok()).filter(|number| *number > 0).collect()
}

#[test]
fn the_rules_find_what_they_are_made_to_find() {
    let file = File {
        name: "src/a.rs".to_owned(),
        text: "// std::fs\nuse std::fs;\n// I1\n#[cfg(test)]\nmod tests {\n    // I2, I30 and I4b\n}\n"
            .to_owned(),
    };
    assert_eq!(says(&file, &DOMAIN_NEVER_SAYS), ["src/a.rs:2 says std::fs"]);
    let cited: BTreeSet<u32> = test_comments(&file).flat_map(invariants).collect();
    assert_eq!(cited, BTreeSet::from([2, 30]));
    assert_eq!(invariants("| I7 | **I12** (I3) IIO I0"), BTreeSet::from([3, 7, 12]));
}

/// Words in backticks that name something of the project.
fn named_paths(text: &str) -> Vec<&str> {
    const FOLDERS: [&str; 7] = ["actors/", "benches/", "config/", "docs/", "examples/", "src/", "tests/"];
    let words = text.split('`').skip(1).step_by(2);
    words
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains(' '))
        .collect()
}

#[test]
fn what_the_documents_name_is_there() {
    assert_eq!(named_paths("`src/a.rs` and `GET /b`, `tests/run format`, `docs/c`"), ["src/a.rs", "docs/c"]);
    for name in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let missing: Vec<&str> =
            named_paths(&text).into_iter().filter(|path| !root().join(path).exists()).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{name}");
    }
}
