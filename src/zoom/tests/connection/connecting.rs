//! Connecting, and what stood before.

use super::*;

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
async fn what_another_app_or_account_was_granted_counts_for_nothing_and_is_forgotten() {
    for account_changes in [false, true] {
        let mut nodes = Nodes::new(true).await;
        let node = nodes.connected().await;
        let known = provider("Practitioner/eProvRivera", Some(RIVERA));
        assert!(matches!(
            node.client.call(&lakeside(), &known, WITHIN).await,
            IntentOutcome::Provider { .. }
        ));
        if account_changes {
            nodes.config.account_id = "AnotherAccount".to_owned();
        } else {
            nodes.config.client_id = "AnotherApp".to_owned();
        }
        let other = nodes.node();
        assert_eq!(other.calls().await, Some(ProblemCode::ZoomNotConnected));
        assert_eq!(other.standing().await, Standing::NotYet);
        assert_eq!(node.calls().await, None, "by its own settings all is well yet");
        other.client.tend(&lakeside()).await.unwrap();
        assert!(!nodes.kept().await.contains("refresh"), "the tokens are gone: {}", nodes.kept().await);
        let field = "provider/Practitioner/eProvRivera";
        assert!(nodes.store.organization_get(&lakeside(), field).await.unwrap().is_some());
        nodes.clock.forward(Span::hours(24 * 9));
        other.client.tend(&lakeside()).await.unwrap();
        assert_eq!(nodes.store.organization_get(&lakeside(), field).await.unwrap(), None);
        assert_eq!(other.standing().await, Standing::NotYet);
        nodes.fakes.stop().await;
    }
    let why = NotConnected::NotYet.to_string();
    assert!(why.contains("administrator"), "{why}");
}

#[actix_web::test]
async fn a_stumbling_zoom_or_store_costs_no_authentication_once_the_code_is_spent() {
    let nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    let code = nodes.agree(&node).await;
    fault(&nodes.fakes, "users.get", Some(2), ZoomFaultKind::Html { status: 502 });
    nodes.store.faults().fail(Some(Call::OrganizationPut), When::Before, 2);
    // The browser goes away as soon as the code is spent.
    let (before, organization) = (nodes.fakes.zoom().refresh_tokens(), lakeside());
    let gone = async {
        while nodes.fakes.zoom().refresh_tokens() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        connected = node.client.connect(&organization, &code, REDIRECT) => panic!("too early: {connected:?}"),
        () = gone => {}
    }
    let newest = nodes.fakes.zoom().refresh_tokens().concat();
    assert!(!nodes.kept().await.contains(&newest));
    while !nodes.kept().await.contains(&newest) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    nodes.clock.forward(OVER);
    assert_eq!(nodes.node().calls().await, None);
    nodes.fakes.stop().await;
}

/// A token that Zoom gives no longer says nothing of itself for as long as nobody tries it.
#[actix_web::test]
async fn an_authorization_without_a_good_token_does_not_count_as_connected() {
    let mut nodes = Nodes::new(true).await;
    drop(nodes.connected().await);
    nodes.config.client_secret = Secret::new("wrong");
    let node = nodes.node();
    nodes.clock.forward(OVER);
    assert_eq!(node.calls().await, Some(ProblemCode::ZoomUnauthorized));
    let view = node.client.connection(&lakeside()).await.unwrap().unwrap();
    assert_eq!(view.token, Some(false));
    assert_eq!(node.accounts.seen().map(|(_, seen)| seen.is_connected()).collect::<Vec<_>>(), [Some(false)]);
    nodes.fakes.stop().await;
}
