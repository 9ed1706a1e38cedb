//! What is said of a panic: where it was, and how many there were. Never what it says of itself, since its words may hold whatever
//! the code had at hand, the name of a person too (I15).

use std::panic::{PanicHookInfo, set_hook};
use std::sync::atomic::{AtomicU64, Ordering};

static SEEN: AtomicU64 = AtomicU64::new(0);

/// Writes every panic of this process into the log from now on, in the place of Rust's own words on standard error.
pub fn log_and_count() {
    set_hook(Box::new(note));
}

/// Panics since [`log_and_count`].
pub fn seen() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

fn note(panic: &PanicHookInfo<'_>) {
    let number = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
    let (file, line, column) =
        panic.location().map_or(("unknown", 0, 0), |at| (at.file(), at.line(), at.column()));
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    tracing::error!(file, line, column, thread, number, "a panic, which is a mistake in the program");
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, take_hook};

    use super::*;
    use crate::http::kit::Log;

    #[test]
    fn a_panic_is_one_line_of_the_log_without_its_words() {
        let (log, guard) = Log::keep();
        let (before, hook) = (seen(), take_hook());
        log_and_count();
        let caught = catch_unwind(|| panic!("Ada Lovelace"));
        set_hook(hook);
        drop(guard);
        assert!(caught.is_err() && seen() > before);
        let text = log.text();
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["fields"]["file"], file!(), "{text}");
        assert!(line["fields"]["line"].is_u64(), "{text}");
        assert!(!text.contains("Ada"), "{text}");
    }
}
