//! What happened, in order: the trace of a run. Two runs of one seed have the same trace, which is compared by its hash (I14).

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Write};
use std::sync::Mutex;
use std::time::Duration;

use crate::lock;

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum About {
    /// Everybody: faults, and their end.
    World,
    /// A shard by its number.
    Shard(u16),
    /// A visit by its place in the plan.
    Visit(usize),
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// How long after the begin.
    pub at: Duration,
    /// What it is about.
    pub about: About,
    /// What happened.
    pub text: String,
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (seconds, millis) = (self.at.as_secs(), self.at.subsec_millis());
        match self.about {
            About::World => write!(f, "{seconds:>5}.{millis:03}            {}", self.text),
            About::Shard(shard) => write!(f, "{seconds:>5}.{millis:03}  shard {shard:<2}  {}", self.text),
            About::Visit(visit) => write!(f, "{seconds:>5}.{millis:03}  visit {visit:<2}  {}", self.text),
        }
    }
}

/// The trace.
#[derive(Debug)]
pub struct Trace {
    inner: Mutex<Inner>,
    printed: bool,
}

#[derive(Debug)]
struct Inner {
    lines: Vec<Line>,
    hash: u64,
    counts: BTreeMap<&'static str, u64>,
}

/// More lines than this are not kept, only hashed; a run has some thousands.
const MOST_LINES: usize = 200_000;

impl Trace {
    /// An empty trace. Where it is `printed`, each line goes to the standard output as well.
    #[must_use]
    pub fn new(printed: bool) -> Self {
        let inner = Inner { lines: Vec::new(), hash: 0xcbf2_9ce4_8422_2325, counts: BTreeMap::new() };
        Self { inner: Mutex::new(inner), printed }
    }

    /// Something happened.
    pub fn note(&self, at: Duration, about: About, what: std::fmt::Arguments<'_>) {
        let mut text = String::with_capacity(96);
        // Writing into a text cannot fail.
        let _ = text.write_fmt(what);
        let line = Line { at, about, text };
        if self.printed {
            println!("{line}");
        }
        let mut inner = lock(&self.inner);
        inner.hash(&at.as_millis().to_le_bytes());
        inner.hash(line.text.as_bytes());
        if inner.lines.len() < MOST_LINES {
            inner.lines.push(line);
        }
    }

    /// Something happened that is worth counting.
    pub fn count(&self, what: &'static str) {
        *lock(&self.inner).counts.entry(what).or_default() += 1;
    }

    /// The hash of all lines so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        lock(&self.inner).hash
    }

    /// How often each thing happened.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.inner).counts.clone()
    }

    /// The last lines about something, and about everybody.
    #[must_use]
    pub fn history(&self, about: About, most: usize) -> Vec<Line> {
        let inner = lock(&self.inner);
        let meant = |line: &&Line| line.about == about || line.about == About::World;
        let mut last: Vec<Line> = inner.lines.iter().rev().filter(meant).take(most).cloned().collect();
        last.reverse();
        last
    }
}

impl Inner {
    fn hash(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
