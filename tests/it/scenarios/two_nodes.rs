//! Organizations that are made, changed and removed on the page of one node while another serves too.

use std::time::Instant;

use super::another::fakes_of_another;
use super::house::{House, folder_with_key, free_port, read, until};
use super::organizations::{IN_FORCE_WITHIN, PAGE, SEALING, opens};
use crate::redis::Redis;

#[actix_web::test]
async fn a_save_is_in_force_on_the_other_node_within_two_seconds() {
    let redis = Redis::start_syncing_later();
    let (folder, listen, elsewhere) = (folder_with_key(), free_port(), free_port());
    let (other, mut said) = fakes_of_another(listen).await;
    let settings = format!("{SEALING}url = \"{}\"\ndurability = \"everysec\"\n", redis.url());
    let house = House::on(listen, folder, &settings, |_| {}).await;
    let second = house.another_node(elsewhere).await;
    said.push(("epic.private_keys", std::fs::read_to_string(house.file("key.pem")).unwrap()));
    let there = format!("http://{elsewhere}");
    let served_there = async |path: &str, status: u16| {
        let began = Instant::now();
        until("the other node has taken it up", async || {
            let answer = read(house.http.get(format!("{there}{path}")).send().await).await;
            (answer.status == status).then_some(())
        })
        .await;
        assert!(began.elapsed() < IN_FORCE_WITHIN, "{path}: {:?}", began.elapsed());
    };
    served_there("/readyz", 200).await;
    served_there("/epic/hillside/jwks.json", 404).await;
    house.makes_hillside(&said).await;
    served_there("/epic/hillside/jwks.json", 200).await;
    // The visit may be the other node's, whichever door its people come through.
    opens(&house, &other).await;
    // The other node's page shows what this one kept, and what is saved there holds here.
    let page = read(house.http.get(format!("{there}{PAGE}")).send().await).await.text();
    assert!(page.contains("Hillside Clinic"), "{page}");
    let sends = async |act: &str, fields: &[(&str, &str)]| {
        let url = format!("{there}{PAGE}/settings/{act}");
        let sent = house.http.post(url).timeout(std::time::Duration::from_secs(60)).send_form(&fields).await;
        read(sent).await.header("location").to_owned()
    };
    let mut typed: Vec<(&str, &str)> = said.iter().map(|(key, text)| (*key, text.as_str())).collect();
    typed.extend([("base", "1"), ("help_phone", "555-0100")]);
    assert_eq!(sends("check", &typed).await, format!("{PAGE}?note=checked"));
    assert_eq!(sends("save", &[]).await, format!("{PAGE}?note=saved"));
    let began = Instant::now();
    until("this node has taken it up", async || {
        let app = house.app();
        let hillside = app.settings.organization("hillside")?.1;
        (hillside.help_phone.as_deref() == Some("555-0100")).then_some(())
    })
    .await;
    assert!(began.elapsed() < IN_FORCE_WITHIN, "{:?}", began.elapsed());
    assert_eq!(house.does("remove", &[("reason", "closed"), ("id", "hillside")]).await, "removed");
    served_there("/epic/hillside/jwks.json", 404).await;
    second.stop().await.unwrap();
    other.stop().await;
    house.close().await;
}
