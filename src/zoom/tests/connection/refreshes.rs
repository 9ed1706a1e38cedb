//! Refresh tokens that change with every use, and answers that are lost.

use super::*;

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
    let begun = nodes.kept().await.replacen(
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
    nodes.clock.forward(Span::minutes(2));
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
async fn a_success_that_comes_to_be_known_late_still_stands() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    nodes.clock.forward(OVER);
    // The answer is long on its way; the turn and the pause are over before it comes.
    nodes.fault(ZoomFaultKind::DoneThenSlow { millis: 600 });
    let meanwhile = async {
        while nodes.rotated() < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        nodes.clock.forward(Span::seconds(30));
        assert_eq!(
            other.calls().await,
            Some(ProblemCode::ZoomNotConnected),
            "it was refused for that answer"
        );
        assert!(matches!(other.standing().await, Standing::AuthenticateAgain { .. }));
    };
    let (_, ()) = join(node.calls(), meanwhile).await;
    nodes.clock.forward(Span::seconds(3));
    assert_eq!((node.calls().await, other.calls().await), (None, None));
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn a_node_that_drains_begins_no_refresh_and_waits_for_the_one_in_hand() {
    let nodes = Nodes::new(true).await;
    let (node, other) = (nodes.connected().await, nodes.node());
    nodes.clock.forward(DUE);
    nodes.fault(ZoomFaultKind::Slow { millis: 300 });
    let draining = async {
        while nodes.asked() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        node.accounts.drain().await;
        assert_eq!(nodes.rotated(), 1, "the answer has come");
    };
    let (met, ()) = join(node.calls(), draining).await;
    assert_eq!(met, None);
    nodes.clock.forward(DUE);
    assert_eq!((node.calls().await, nodes.rotated()), (None, 1));
    assert_eq!((other.calls().await, nodes.rotated()), (None, 2));
    nodes.fakes.stop().await;
}

#[actix_web::test]
async fn an_api_that_refuses_every_token_costs_none_but_the_first() {
    let nodes = Nodes::new(true).await;
    let node = nodes.connected().await;
    nodes.clock.forward(Span::minutes(2));
    fault(&nodes.fakes, "meetings.get", None, ZoomFaultKind::Unauthorized);
    for _ in 0..3 {
        assert_eq!(node.calls().await, Some(ProblemCode::ZoomUnauthorized));
        nodes.clock.forward(Span::seconds(5));
    }
    assert_eq!(nodes.rotated(), 1);
    nodes.fakes.stop().await;
}
