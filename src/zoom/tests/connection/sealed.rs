//! What the store holds of a connection gives no token to whoever has the store alone.

use super::*;

fn sealer(keys: &[&str]) -> Sealer {
    let long = |letter: &&str| Secret::new(letter.repeat(40));
    Sealer::new(&keys.iter().map(long).collect::<Vec<_>>())
}

#[actix_web::test]
async fn a_connection_is_sealed_once_there_is_a_key_and_anew_under_the_next() {
    let mut nodes = Nodes::new(true).await;
    nodes.connected().await;
    assert!(nodes.kept().await.contains("refresh"), "there is no key, so that it stands there as it is");

    nodes.sealer = sealer(&["a"]);
    let node = nodes.node();
    node.client.tend(&lakeside()).await.unwrap();
    let first = nodes.kept().await;
    assert!(first.starts_with("sealed-1:") && !first.contains("refresh"), "{first}");

    nodes.sealer = sealer(&["b", "a"]);
    let node = nodes.node();
    node.client.tend(&lakeside()).await.unwrap();
    assert_ne!(nodes.kept().await.split(':').nth(1), first.split(':').nth(1), "another key sealed it");

    // The older key is of no use any more, and the connection works.
    nodes.sealer = sealer(&["b"]);
    let node = nodes.node();
    assert!(node.client.probe_token(&lakeside()).await.unwrap().is_ok());

    // Without the key nobody takes it for a connection, and nobody writes over it.
    let before = nodes.kept().await;
    nodes.sealer = sealer(&["c"]);
    let node = nodes.node();
    node.client.tend(&lakeside()).await.unwrap();
    assert!(node.client.probe_token(&lakeside()).await.is_none_or(|told| told.is_err()));
    assert_eq!(nodes.kept().await, before);
}
