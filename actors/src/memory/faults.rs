//! Faults that a test orders: a call that fails before or after it was done, that is slow, or that stops until the test lets it go on.

use crate::port::store::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// A method of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "each is named like the method that it stands for")]
pub enum Call {
    Acquire,
    Renew,
    Release,
    Locate,
    Owners,
    Announce,
    Leave,
    Append,
    RouteOrHold,
    IndexMeeting,
    Read,
    Cursor,
    Load,
    Commit,
    Restore,
    CountTry,
    Due,
    Outbox,
    Acknowledge,
    Permit,
    Settle,
    Changes,
    ChangedSince,
    Visits,
    Records,
    History,
    Parked,
    DropParked,
    Put,
    PutIfAbsent,
    Get,
    Take,
    OrganizationGet,
    OrganizationPut,
    OrganizationForget,
    ForgetOrganization,
    Sweep,
    Flush,
    Incarnation,
}

/// On which side of the step a fault lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Nothing was done.
    Before,
    /// It was done, and the answer is lost: the caller cannot know.
    After,
}

/// Orders faults for a [`super::MemoryStore`]. Clones order for the same store.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Ordered>>);

#[derive(Default)]
struct Ordered {
    rules: Vec<Rule>,
    calls: BTreeMap<Call, u64>,
    hints_lost: bool,
}

struct Rule {
    /// `None` for any.
    call: Option<Call>,
    when: When,
    what: What,
}

enum What {
    /// So many times; `None` for always.
    Fail(Option<u32>),
    Delay(Duration),
    Stop(Stop),
    Die,
}

/// What was ordered for one side of one call.
#[derive(Default)]
struct Due {
    delay: Duration,
    stop: Option<Stop>,
    fails: bool,
    dies: bool,
}

struct Stop {
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

/// A call that will stop, or has. Dropping it lets the call go on.
pub struct Breakpoint {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

impl Breakpoint {
    /// Waits until a call has stopped there. `false` when none will any more.
    pub async fn reached(&mut self) -> bool {
        (&mut self.reached).await.is_ok()
    }

    /// Lets the call go on.
    pub fn go_on(self) {
        // A call that was dropped meanwhile has nobody to tell.
        let _ = self.go_on.send(());
    }
}

impl Faults {
    /// The next so many calls answer [`StoreError::Unavailable`]. `None` stands for any method.
    pub fn fail(&self, call: Option<Call>, when: When, times: u32) {
        self.add(call, when, What::Fail(Some(times)));
    }

    /// Calls answer [`StoreError::Unavailable`] until [`Faults::heal`].
    pub fn fail_always(&self, call: Option<Call>, when: When) {
        self.add(call, when, What::Fail(None));
    }

    /// Calls wait so long, by tokio's clock, until [`Faults::heal`].
    pub fn delay(&self, call: Option<Call>, when: When, by: Duration) {
        self.add(call, when, What::Delay(by));
    }

    /// The next such call stops until the test lets it go on.
    #[must_use]
    pub fn stop_next(&self, call: Call, when: When) -> Breakpoint {
        let (tell_reached, reached) = oneshot::channel();
        let (go_on, wait) = oneshot::channel();
        self.add(Some(call), when, What::Stop(Stop { reached: tell_reached, go_on: wait }));
        Breakpoint { reached, go_on }
    }

    /// Whoever makes the next such call panics.
    pub fn die_next(&self, call: Call, when: When) {
        self.add(Some(call), when, What::Die);
    }

    /// Hints are lost, or not, from now on.
    pub fn lose_hints(&self, lost: bool) {
        self.lock().hints_lost = lost;
    }

    /// Ends every fault. Calls that have stopped go on when their breakpoints say so.
    pub fn heal(&self) {
        let mut ordered = self.lock();
        ordered.rules.clear();
        ordered.hints_lost = false;
    }

    /// How often a method was called.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.lock().calls.get(&call).copied().unwrap_or(0)
    }

    pub(super) fn hints_are_lost(&self) -> bool {
        self.lock().hints_lost
    }

    pub(super) fn count(&self, call: Call) {
        *self.lock().calls.entry(call).or_default() += 1;
    }

    /// Lives through what was ordered for this side of a call.
    pub(super) async fn meet(&self, call: Call, when: When) -> Result<(), StoreError> {
        let Due { delay, stop, fails, dies } = self.lock().due(call, when);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if let Some(stop) = stop {
            // A test that has gone away wants neither to be told nor to hold the call back.
            let _ = stop.reached.send(());
            let _ = stop.go_on.await;
        }
        #[expect(clippy::panic, reason = "whoever ordered it wants to see what becomes of the caller")]
        if dies {
            panic!("a panic was ordered for {call:?}");
        }
        if fails { Err(StoreError::Unavailable(format!("a fault was ordered for {call:?}"))) } else { Ok(()) }
    }

    fn add(&self, call: Option<Call>, when: When, what: What) {
        self.lock().rules.push(Rule { call, when, what });
    }

    fn lock(&self) -> MutexGuard<'_, Ordered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ordered {
    fn due(&mut self, call: Call, when: When) -> Due {
        let mut due = Due::default();
        let mut kept = Vec::new();
        for rule in std::mem::take(&mut self.rules) {
            let meant = rule.when == when && rule.call.is_none_or(|meant| meant == call);
            let Rule { call, when, what } = rule;
            let left = match what {
                what if !meant => Some(what),
                What::Delay(by) => {
                    due.delay = due.delay.saturating_add(by);
                    Some(What::Delay(by))
                }
                What::Stop(there) if due.stop.is_none() => {
                    due.stop = Some(there);
                    None
                }
                What::Stop(there) => Some(What::Stop(there)),
                What::Die => {
                    due.dies = true;
                    None
                }
                What::Fail(None) => {
                    due.fails = true;
                    Some(What::Fail(None))
                }
                // One failing call uses up one order.
                What::Fail(Some(times)) if due.fails => Some(What::Fail(Some(times))),
                What::Fail(Some(times)) => {
                    due.fails = times > 0;
                    (times > 1).then(|| What::Fail(Some(times - 1)))
                }
            };
            kept.extend(left.map(|what| Rule { call, when, what }));
        }
        self.rules = kept;
        due
    }
}
