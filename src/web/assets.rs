//! The static files, embedded in the binary and addressed by a hash of them all.
//!
//! The address is `/assets/{version}/{name}`, the version a hash over every file. Modules import each other by relative
//! paths, so one version in the path is enough to make every file immutable for a browser, and none need rewriting.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::Embed;
use sha2::{Digest, Sha256};

#[derive(Embed)]
#[folder = "src/web/static"]
struct Files;

/// A static file as it is served.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub bytes: &'static [u8],
    pub content_type: &'static str,
    /// A strong entity tag with its quotes.
    pub etag: &'static str,
    /// What to send as `Cache-Control`.
    pub cache_control: &'static str,
}

struct Table {
    version: String,
    files: BTreeMap<String, Entry>,
}

struct Entry {
    bytes: Vec<u8>,
    content_type: &'static str,
    etag: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(build);

fn build() -> Table {
    let mut all = Sha256::new();
    let mut files = BTreeMap::new();
    let mut names: Vec<String> = Files::iter().map(|name| name.into_owned()).collect();
    names.sort();
    for name in names {
        let Some(content_type) = content_type(&name) else { continue };
        let Some(file) = Files::get(&name) else { continue };
        let digest = Sha256::digest(&file.data);
        all.update(name.as_bytes());
        all.update(digest);
        let etag = format!("\"{}\"", short_hex(&digest));
        files.insert(name, Entry { bytes: file.data.into_owned(), content_type, etag });
    }
    Table { version: short_hex(&all.finalize()), files }
}

fn short_hex(digest: &[u8]) -> String {
    let mut text = hex::encode(digest);
    text.truncate(16);
    text
}

fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "mjs" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// The address of a static file, for templates.
pub fn asset_url(name: &str) -> String {
    format!("/assets/{}/{name}", TABLE.version)
}

/// The file at `/assets/{path}`, or `None` for a name that is not there.
///
/// A page of another release (two run at once during a rolling deploy) names another version; it gets the file of this
/// release, without the promise that it never changes.
pub fn asset(path: &str) -> Option<Asset> {
    let (version, name) = path.split_once('/')?;
    let entry = TABLE.files.get(name)?;
    let cache_control =
        if version == TABLE.version { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    Some(Asset { bytes: &entry.bytes, content_type: entry.content_type, etag: &entry.etag, cache_control })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_finds_its_files_and_may_keep_them() {
        for name in ["site.css", "visit.mjs", "ops.mjs", "icon.svg"] {
            let url = asset_url(name);
            let file =
                asset(url.strip_prefix("/assets/").unwrap()).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(!file.bytes.is_empty());
            assert!(file.cache_control.contains("immutable"));
            assert!(file.etag.starts_with('"') && file.etag.ends_with('"'));
        }
    }

    #[test]
    fn another_release_gets_the_file_but_no_promise() {
        let file = asset("0000000000000000/site.css").unwrap();
        assert_eq!(file.cache_control, "public, no-cache");
        assert_eq!(file.content_type, "text/css; charset=utf-8");
    }

    #[test]
    fn unknown_names_and_paths_out_of_the_folder_are_not_found() {
        for bad in ["", "site.css", "v/none.css", "v/../mod.rs", "v/../../../Cargo.toml", "v/", "//"] {
            assert!(asset(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn no_module_names_a_foreign_or_missing_file() {
        for (name, entry) in &TABLE.files {
            let text = String::from_utf8(entry.bytes.clone()).unwrap();
            assert!(!text.contains("innerHTML"), "{name} writes markup");
            for line in text.lines().filter(|line| line.starts_with("import ") || line.contains(" from \"")) {
                let target = line.rsplit('"').nth(1).unwrap_or_default();
                let local = target.strip_prefix("./").unwrap_or_else(|| panic!("{name} imports {target}"));
                assert!(TABLE.files.contains_key(local), "{name} imports {target}, which is not there");
            }
        }
    }
}
