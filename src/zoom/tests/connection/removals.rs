//! Removals, and stores that lose what was said.

use super::*;

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
async fn an_app_that_is_removed_while_it_is_being_connected_stays_removed() {
    let nodes = Nodes::new(true).await;
    let node = nodes.node();
    let code = nodes.agree(&node).await;
    fault(&nodes.fakes, "users.get", Some(1), ZoomFaultKind::Slow { millis: 400 });
    let removing = async {
        while nodes.asked() < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(nodes.removed(&node, None).await, Removal::Disconnected);
    };
    let (connected, ()) = join(node.client.connect(&lakeside(), &code, REDIRECT), removing).await;
    assert_eq!(connected, Err(ConnectRefused::Removed));
    assert!(matches!(node.standing().await, Standing::Removed { .. }));
    assert_eq!(nodes.connect(&node).await, Ok(()), "and can be added again");
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn whoever_removed_the_app_during_a_refresh_goes_first() {
    let nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    nodes.clock.forward(OVER);
    nodes.fault(ZoomFaultKind::Slow { millis: 400 });
    let removing = async {
        while nodes.asked() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(nodes.removed(&node, None).await, Removal::Disconnected);
    };
    let (met, ()) = join(node.calls(), removing).await;
    assert_eq!(met, Some(ProblemCode::ZoomNotConnected));
    assert!(!nodes.kept().await.contains("refresh"), "{}", nodes.kept().await);
    nodes.fakes.stop().await;
}

// A failover of the store loses the last writes, and Zoom tells neither of them again.
#[actix_web::test]
async fn a_store_that_went_back_gets_what_it_lost_from_whoever_saw_it() {
    let nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    let before = nodes.store.snapshot();
    nodes.clock.forward(OVER);
    assert_eq!(node.calls().await, None);
    nodes.store.go_back(before);
    nodes.clock.forward(Span::seconds(3));
    assert_eq!(node.calls().await, None);
    nodes.clock.forward(OVER);
    assert_eq!(nodes.node().calls().await, None, "another node goes on with what was put back");
    let before = nodes.store.snapshot();
    assert_eq!(nodes.removed(&node, None).await, Removal::Disconnected);
    node.client.tend(&lakeside()).await.unwrap();
    nodes.store.go_back(before);
    node.client.tend(&lakeside()).await.unwrap();
    assert_eq!(nodes.node().calls().await, Some(ProblemCode::ZoomNotConnected));
    nodes.fakes.stop().await;
}

// Its clock was heard with the token, so that the news is set in order by it and not by ours.
#[actix_web::test]
async fn a_removal_is_set_in_order_by_zooms_own_clock() {
    let nodes = Nodes::new(true).await;
    // Ours is three minutes ahead.
    nodes.clock.forward(Span::minutes(3));
    let node = nodes.connected().await;
    let theirs = Wall.now();
    assert_eq!(nodes.removed(&node, Some(theirs - Span::minutes(1))).await, Removal::Known);
    assert_eq!(nodes.removed(&node, Some(theirs + Span::seconds(5))).await, Removal::Disconnected);
    nodes.fakes.stop().await;
}
