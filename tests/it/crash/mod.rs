//! The real process, killed and told to end: what it answered 200 is never lost, and it ends as its exit status promises.
//!
//! `VESTIBULE_CRASH_SEED` repeats the moments of a run, and `VESTIBULE_CRASH_ROUNDS` makes it longer or shorter.

mod exits;
mod rounds;
