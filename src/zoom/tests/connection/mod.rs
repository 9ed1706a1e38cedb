//! Nodes on one store, whose app an administrator adds.

mod connecting;
mod refreshes;
mod removals;
mod sealed;

use std::rc::Rc;
use std::sync::atomic::AtomicI64;

use futures_util::future::join;
use vestibule_actors::memory::{Call, When};
use vestibule_actors::port::store::{Space, Store};
use vestibule_domain::id::MeetingId;

use super::super::connection::{ConnectRefused, NotConnected, Removal, Standing, removed};
use super::*;

const REDIRECT: &str = "http://127.0.0.1:1/zoom/callback";
/// A token of an hour is due to be renewed, and good.
const DUE: Span = Span::minutes(52);
/// It is not good any more.
const OVER: Span = Span::minutes(61);

/// The wall's clock, which a test can put forward.
#[derive(Default)]
struct Shifted(AtomicI64);

impl Shifted {
    fn forward(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for Shifted {
    fn now(&self) -> Moment {
        Wall.now() + Span(self.0.load(Ordering::SeqCst))
    }
}

struct Nodes {
    fakes: Simulator,
    config: ZoomConfig,
    clock: Arc<Shifted>,
    store: Arc<MemoryStore>,
    sealer: Sealer,
}

struct Node {
    accounts: Arc<ZoomAccounts>,
    client: Rc<ZoomClient>,
}

impl Nodes {
    async fn new(admin_managed: bool) -> Self {
        let mut config = SimulatorConfig::demo(([127, 0, 0, 1], 0).into(), "http://127.0.0.1:1");
        config.zoom_admin_managed = admin_managed;
        let fakes = simulator::start(config).await.unwrap();
        let authorization = if admin_managed { Authorization::Oauth } else { Authorization::ServerToServer };
        let config = ZoomConfig { authorization, timeout: Duration::from_millis(1_500), ..with(&fakes) };
        let clock = Arc::new(Shifted::default());
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as SharedClock, StoreLimits::default()));
        Self { fakes, config, clock, store, sealer: Sealer::default() }
    }

    /// Another node; or the same after a restart.
    fn node(&self) -> Node {
        static SEEDS: AtomicU64 = AtomicU64::new(1);
        let accounts = ZoomAccounts::new([(lakeside(), self.config.clone())], &names(), &self.sealer);
        let randomness = Arc::new(Counting(AtomicU64::new(SEEDS.fetch_add(1_000_000, Ordering::SeqCst))));
        let store: SharedStore = Arc::clone(&self.store) as SharedStore;
        let clock = Arc::clone(&self.clock) as SharedClock;
        Node { client: Rc::new(ZoomClient::new(Arc::clone(&accounts), store, clock, randomness)), accounts }
    }

    /// A node whose administrator has just agreed.
    async fn connected(&self) -> Node {
        let node = self.node();
        assert_eq!(self.connect(&node).await, Ok(()));
        node
    }

    async fn connect(&self, node: &Node) -> Result<(), ConnectRefused> {
        let code = self.agree(node).await;
        node.client.connect(&lakeside(), &code, REDIRECT).await
    }

    /// Goes through the consent page; the code.
    async fn agree(&self, node: &Node) -> String {
        let url = node.client.authorize_url(&lakeside(), REDIRECT, "a-state").unwrap();
        let url = url.replace("/oauth/authorize?", "/oauth/authorize/allow?");
        let http = awc::Client::builder().disable_redirects().finish();
        let back = http.get(url).send().await.unwrap();
        let back = url::Url::parse(back.headers().get("location").unwrap().to_str().unwrap()).unwrap();
        assert!(back.as_str().starts_with(REDIRECT));
        let pair =
            |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(pair("state").as_deref(), Some("a-state"));
        pair("code").unwrap()
    }

    fn fault(&self, kind: ZoomFaultKind) {
        fault(&self.fakes, "oauth.token", Some(1), kind);
    }

    fn rotated(&self) -> u64 {
        self.fakes.zoom().calls("oauth.token.rotated")
    }

    fn asked(&self) -> u64 {
        self.fakes.zoom().calls("oauth.token")
    }

    async fn removed(&self, node: &Node, at: Option<Moment>) -> Removal {
        let store = Arc::clone(&self.store) as SharedStore;
        removed(&node.accounts, &store, &lakeside(), at, self.clock.now()).await.unwrap()
    }

    /// Everything that is kept of the connection, as text.
    async fn kept(&self) -> String {
        let value = self.store.organization_get(&lakeside(), "zoom/connection").await.unwrap();
        value.map(|value| String::from_utf8(value.value).unwrap()).unwrap_or_default()
    }
}

impl Node {
    /// A call that any token may make: the problem it met, if any.
    async fn calls(&self) -> Option<ProblemCode> {
        let read = ZoomCall::ReadMeeting { meeting: MeetingId(85_000_000_001) };
        match self.client.call(&lakeside(), &read, WITHIN).await {
            IntentOutcome::MeetingGone => None,
            other => Some(problem(&other).unwrap_or_else(|| panic!("{other:?}"))),
        }
    }

    async fn standing(&self) -> Standing {
        self.client.connection(&lakeside()).await.unwrap().unwrap().standing
    }
}
