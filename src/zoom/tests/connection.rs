//! Two nodes on one store, whose app an administrator adds: refresh tokens that change with every use, answers that are lost, removals.

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
}

struct Node {
    accounts: Arc<ZoomAccounts>,
    client: ZoomClient,
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
        Self { fakes, config, clock, store }
    }

    /// Another node; or the same after a restart.
    fn node(&self) -> Node {
        static SEEDS: AtomicU64 = AtomicU64::new(1);
        let accounts = ZoomAccounts::new([(lakeside(), self.config.clone())]);
        let randomness = Arc::new(Counting(AtomicU64::new(SEEDS.fetch_add(1_000_000, Ordering::SeqCst))));
        let store: SharedStore = Arc::clone(&self.store) as SharedStore;
        let clock = Arc::clone(&self.clock) as SharedClock;
        Node { client: ZoomClient::new(Arc::clone(&accounts), store, clock, randomness), accounts }
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

#[actix_web::test]
async fn nothing_is_asked_before_an_administrator_agreed_and_everything_after() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.node(), nodes.node());
    assert_eq!(node.calls().await, Some(ProblemCode::ZoomNotConnected));
    assert_eq!(node.standing().await, Standing::NotYet);
    assert_eq!(nodes.asked(), 0);
    assert_eq!(nodes.connect(&node).await, Ok(()));
    assert_eq!((node.calls().await, other.calls().await), (None, None));
    let view = other.client.connection(&lakeside()).await.unwrap().unwrap();
    let Standing::Connected { since: Some(_), user: Some(user), in_doubt: false } = view.standing else {
        panic!("{view:?}")
    };
    assert!(!user.is_empty() && view.scopes.is_some_and(|scopes| scopes.len() > 10));
    // One token, of the code: other nodes take it from the store.
    assert_eq!(nodes.asked(), 1);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn only_the_organizations_own_account_is_connected_and_a_code_once() {
    let nodes = Nodes::new(true).await;
    let node = nodes.node();
    let code = nodes.agree(&node).await;
    assert_eq!(node.client.connect(&lakeside(), "no-such-code", REDIRECT).await, Err(ConnectRefused::Code));
    let elsewhere = node.client.connect(&lakeside(), &code, "http://127.0.0.1:1/elsewhere").await;
    assert_eq!(elsewhere, Err(ConnectRefused::Credentials));
    assert_eq!(node.client.connect(&lakeside(), &code, REDIRECT).await, Err(ConnectRefused::Code));
    nodes.fakes.zoom().change_settings(|settings| settings.consenting_account = Some("Another".to_owned()));
    assert_eq!(nodes.connect(&node).await, Err(ConnectRefused::OtherAccount));
    nodes.fakes.zoom().change_settings(|settings| {
        settings.consenting_account = None;
        settings.scopes.retain(|scope| scope != "user:read:user:admin");
    });
    assert_eq!(nodes.connect(&node).await, Err(ConnectRefused::Scope));
    nodes.fault(ZoomFaultKind::Html { status: 502 });
    assert_eq!(nodes.connect(&node).await, Err(ConnectRefused::Zoom));
    assert_eq!(nodes.kept().await, "", "nothing is kept of them");
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn of_two_nodes_one_spends_the_refresh_token() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    for (round, forward) in [DUE, OVER, OVER].into_iter().enumerate() {
        nodes.clock.forward(forward);
        assert_eq!(join(node.calls(), other.calls()).await, (None, None), "round {round}");
        // Whoever did not have the turn with a token that was good finds the new one at the next look.
        nodes.clock.forward(Span::seconds(3));
        assert_eq!(join(node.calls(), other.calls()).await, (None, None), "round {round}");
        assert_eq!(nodes.rotated(), round as u64 + 1);
    }
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn a_refresh_that_zoom_never_saw_is_tried_again_with_the_same_token() {
    for kind in [ZoomFaultKind::Drop, ZoomFaultKind::Html { status: 503 }, ZoomFaultKind::Hang] {
        let nodes = Nodes::new(true).await;
        let node = nodes.connected().await;
        nodes.clock.forward(DUE);
        nodes.fault(kind.clone());
        // The token in hand serves meanwhile.
        assert_eq!(node.calls().await, None, "{kind:?}");
        assert!(matches!(node.standing().await, Standing::Connected { in_doubt: true, .. }), "{kind:?}");
        nodes.clock.forward(Span::seconds(3));
        assert_eq!(node.calls().await, None, "{kind:?}");
        assert!(matches!(node.standing().await, Standing::Connected { in_doubt: false, .. }), "{kind:?}");
        assert_eq!((nodes.asked(), nodes.rotated()), (3, 1), "{kind:?}");
        nodes.fakes.stop().await;
    }
}

#[actix_web::test]
async fn an_answer_that_was_lost_costs_an_authentication_and_no_loop() {
    for kind in [ZoomFaultKind::DoneThenDrop, ZoomFaultKind::HalfBody, ZoomFaultKind::DoneThenHang] {
        let nodes = Nodes::new(true).await;
        let (node, other) = (nodes.connected().await, nodes.node());
        nodes.clock.forward(DUE);
        nodes.fault(kind.clone());
        assert_eq!(node.calls().await, None, "the token in hand still serves: {kind:?}");
        nodes.clock.forward(Span::seconds(3));
        // The old one is tried once more, and Zoom's refusal is the end of it.
        for _ in 0..3 {
            assert_eq!(node.calls().await, Some(ProblemCode::ZoomNotConnected), "{kind:?}");
            assert_eq!(other.calls().await, Some(ProblemCode::ZoomNotConnected), "{kind:?}");
            nodes.clock.forward(Span::seconds(3));
        }
        assert_eq!((nodes.asked(), nodes.rotated()), (3, 1), "{kind:?}");
        assert!(matches!(node.standing().await, Standing::AuthenticateAgain { .. }), "{kind:?}");
        assert_eq!(nodes.connect(&other).await, Ok(()));
        nodes.clock.forward(Span::seconds(3));
        assert_eq!((node.calls().await, other.calls().await), (None, None), "{kind:?}");
        nodes.fakes.stop().await;
    }
}

#[actix_web::test]
async fn credentials_that_zoom_refuses_spend_no_token() {
    let mut nodes = Nodes::new(true).await;
    drop(nodes.connected().await);
    let right = std::mem::replace(&mut nodes.config.client_secret, Secret::new("wrong"));
    let wrong = nodes.node();
    nodes.clock.forward(OVER);
    assert_eq!(wrong.calls().await, Some(ProblemCode::ZoomUnauthorized));
    nodes.config.client_secret = right;
    nodes.clock.forward(Span::seconds(3));
    assert_eq!(nodes.node().calls().await, None);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn a_node_that_dies_in_a_refresh_leaves_it_to_another() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    nodes.clock.forward(OVER);
    // It has the turn, has written that it begins, and is never heard of again.
    let begun = nodes.kept().await.replace("\"attempt\":null,", "");
    let begun = begun.replacen(
        "\"refresh\"",
        &format!(
            "\"attempt\":{{\"began\":{},\"tries\":1,\"in_doubt\":true}},\"refresh\"",
            nodes.clock.now().0
        ),
        1,
    );
    let store = nodes.store.as_ref();
    let there = store.organization_get(&lakeside(), "zoom/connection").await.unwrap().unwrap();
    assert!(
        store
            .organization_put(&lakeside(), "zoom/connection", there.version, begun.into_bytes())
            .await
            .unwrap()
    );
    store.put(Space::Turns, "zoom-refresh/lakeside", b"dead".to_vec(), Span::seconds(6)).await.unwrap();
    nodes.clock.forward(Span::seconds(2));
    assert_eq!(other.calls().await, Some(ProblemCode::ZoomUnavailable), "it is still somebody's turn");
    nodes.clock.forward(Span::seconds(5));
    assert_eq!((other.calls().await, node.calls().await), (None, None));
    assert_eq!(nodes.rotated(), 1);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn what_zoom_gave_is_kept_before_anybody_gets_it_however_the_store_stumbles() {
    for when in [When::Before, When::After] {
        let nodes = Nodes::new(true).await;
        let node = nodes.connected().await;
        nodes.clock.forward(OVER);
        nodes.fault(ZoomFaultKind::Slow { millis: 300 });
        let stumbling = async {
            while nodes.asked() < 2 {
                actix_rt::task::yield_now().await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            nodes.store.faults().fail(Some(Call::OrganizationPut), when, 3);
        };
        let (met, ()) = join(node.calls(), stumbling).await;
        // Whoever has less patience than the store needs time comes again.
        assert!(matches!(met, None | Some(ProblemCode::ZoomUnavailable)), "{met:?}");
        nodes.clock.forward(Span::seconds(3));
        assert_eq!(node.calls().await, None, "{when:?}");
        assert_eq!((nodes.rotated(), nodes.node().calls().await), (1, None), "{when:?}");
        nodes.fakes.stop().await;
    }
}

#[actix_web::test]
async fn a_young_token_that_zoom_takes_back_is_renewed() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    assert_eq!(other.calls().await, None);
    nodes.fakes.zoom().revoke_tokens();
    assert_eq!(join(node.calls(), other.calls()).await, (None, None));
    assert_eq!(nodes.rotated(), 1, "for both");
    nodes.fakes.zoom().revoke_tokens();
    nodes.fakes.zoom().revoke_refresh_tokens();
    assert_eq!(node.calls().await, Some(ProblemCode::ZoomNotConnected));
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn an_idle_connection_is_kept_alive_by_whoever_tends_it() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    nodes.clock.forward(OVER);
    let tended = join(node.client.tend(&lakeside()), other.client.tend(&lakeside())).await;
    assert!(tended.0.is_ok() && tended.1.is_ok());
    assert_eq!(nodes.rotated(), 1);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn a_removed_app_loses_its_tokens_at_once_and_its_users_in_time() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    assert_eq!(other.calls().await, None);
    let known = provider("Practitioner/eProvRivera", Some(RIVERA));
    assert!(matches!(node.client.call(&lakeside(), &known, WITHIN).await, IntentOutcome::Provider { .. }));
    let asked = nodes.fakes.zoom().all_calls();
    // News that cannot be kept is no news, so that Zoom tells it again.
    nodes.store.faults().fail(Some(Call::OrganizationPut), When::Before, 1);
    let store = Arc::clone(&nodes.store) as SharedStore;
    assert!(removed(&node.accounts, &store, &lakeside(), None, nodes.clock.now()).await.is_err());
    assert!(nodes.kept().await.contains("refresh"));
    assert_eq!(nodes.removed(&node, None).await, Removal::Disconnected);
    assert!(!nodes.kept().await.contains("refresh"), "{}", nodes.kept().await);
    assert_eq!(node.calls().await, Some(ProblemCode::ZoomNotConnected));
    nodes.clock.forward(Span::seconds(3));
    assert_eq!(other.calls().await, Some(ProblemCode::ZoomNotConnected));
    assert_eq!(nodes.fakes.zoom().all_calls(), asked, "nothing was asked");
    assert_eq!(nodes.removed(&other, None).await, Removal::Known);
    let field = "provider/Practitioner/eProvRivera";
    let day = Span::hours(24);
    nodes.clock.forward(Span(day.0 * 8));
    other.client.tend(&lakeside()).await.unwrap();
    assert!(nodes.store.organization_get(&lakeside(), field).await.unwrap().is_some());
    // Whoever is there then does it, and once.
    nodes.clock.forward(day);
    let restarted = nodes.node();
    restarted.client.tend(&lakeside()).await.unwrap();
    assert_eq!(nodes.store.organization_get(&lakeside(), field).await.unwrap(), None);
    assert!(matches!(restarted.standing().await, Standing::Removed { forgotten: true, .. }));
    assert_eq!(restarted.accounts.seen().map(|(_, seen)| seen.forgotten()).sum::<u64>(), 1);
    assert_eq!(nodes.connect(&restarted).await, Ok(()));
    assert_eq!(restarted.calls().await, None);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn news_of_a_removal_that_is_older_than_the_connection_changes_nothing() {
    let nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    let before = Some(nodes.clock.now() - Span::minutes(5));
    nodes.clock.forward(Span::minutes(1));
    assert_eq!(nodes.removed(&node, before).await, Removal::Known);
    assert_eq!(node.calls().await, None);
    assert_eq!(nodes.removed(&node, Some(nodes.clock.now())).await, Removal::Disconnected);
    // Added again in time, nothing is forgotten.
    assert_eq!(nodes.connect(&node).await, Ok(()));
    nodes.clock.forward(Span::hours(24 * 20));
    node.client.tend(&lakeside()).await.unwrap();
    assert_eq!(node.accounts.seen().map(|(_, seen)| seen.forgotten()).sum::<u64>(), 0);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn an_app_whose_credentials_are_enough_is_asked_again_by_hand() {
    let nodes = Nodes::new(false).await;
    let node = nodes.node();
    assert_eq!(node.calls().await, None);
    assert_eq!(nodes.removed(&node, None).await, Removal::Disconnected);
    nodes.fakes.zoom().deauthorize();
    assert_eq!(node.calls().await, Some(ProblemCode::ZoomNotConnected));
    assert_eq!(nodes.asked(), 1);
    assert_eq!(node.client.ask_again(&lakeside()).await, Err(ConnectRefused::Credentials));
    nodes.fakes.zoom().change_settings(|settings| settings.app_disabled = false);
    assert_eq!(node.client.ask_again(&lakeside()).await, Ok(()));
    assert_eq!(node.calls().await, None);
    assert_eq!(node.client.authorize_url(&lakeside(), REDIRECT, "s"), None);
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn what_another_app_was_granted_counts_for_nothing() {
    let mut nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    nodes.config.client_id = "AnotherApp".to_owned();
    assert_eq!(nodes.node().calls().await, Some(ProblemCode::ZoomNotConnected));
    assert_eq!(
        nodes.node().client.connection(&lakeside()).await.unwrap().unwrap().standing,
        Standing::NotYet
    );
    assert_eq!(node.calls().await, None);
    let why = NotConnected::NotYet.to_string();
    assert!(why.contains("administrator"), "{why}");
    nodes.fakes.stop().await;
}
