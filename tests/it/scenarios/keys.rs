//! Our keys for Epic: published, rotated without a gap, and known by whoever runs the service.

use serde_json::{Value, json};
use vestibule::epic::SigningKeys;
use vestibule::settings::{PrivateKey, Secret};

use super::house::{House, read};

const JWKS: &str = "/epic/lakeside/jwks.json";

impl House {
    async fn published(&self) -> Vec<String> {
        let set = self.get(JWKS).await.json();
        let keys = set["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    async fn keys(&mut self, files: &[&str]) {
        self.restart_with(&format!("[organization.lakeside.epic]\nprivate_key_files = {files:?}\n")).await;
    }

    /// What Epic's token endpoint says to an assertion under this key, as a node sends it.
    async fn assertion_under(&self, key: &Secret) -> Value {
        let (site, now) = (self.epic().site().clone(), jiff::Timestamp::now().as_second());
        let claims = json!({
            "iss": site.client_id, "sub": site.client_id, "aud": site.token_url(),
            "jti": format!("{now}-{}", self.epic().calls("token")), "iat": now - 1, "nbf": now - 1, "exp": now + 200,
        });
        let assertion = SigningKeys::load([key]).unwrap().sign(&claims).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        read(self.http.post(site.token_url()).send_form(&form).await).await.json()
    }

    /// Has the service itself prove who it is to Epic; the id of the key that it did it with.
    async fn signs_with(&self) -> String {
        let ran = self.runs(&["check", "--json"]).await;
        assert_eq!(ran.status, 0, "{}{}", ran.said, ran.complained);
        self.epic().assertion_key().unwrap()
    }
}

fn id_of(key: &Secret) -> String {
    SigningKeys::load([key]).unwrap().public_keys().next().unwrap().id
}

#[actix_web::test]
async fn e43_keys_are_published_with_their_ids_and_may_be_kept_for_five_minutes() {
    let mut house = House::of_the_program("").await;
    house.add_key("new.pem");
    house.keys(&["key.pem", "new.pem"]).await;
    let answer = house.get(JWKS).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "public, max-age=300"));
    let set = answer.json();
    for key in set["keys"].as_array().unwrap() {
        assert!(key["kid"].as_str().is_some_and(|kid| kid.len() == 43), "{key}");
        assert_eq!((&key["kty"], &key["use"], &key["alg"]), (&json!("RSA"), &json!("sig"), &json!("RS384")));
        assert!(key.get("d").is_none(), "a private half is published");
    }
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    house.close().await;
}

#[actix_web::test]
async fn e43_a_rotation_leaves_no_moment_without_a_key_that_epic_takes() {
    let mut house = House::of_the_program("").await;
    let old = Secret::new(std::fs::read_to_string(house.file("key.pem")).unwrap());
    let new = house.add_key("new.pem");
    assert_eq!(house.signs_with().await, id_of(&old));

    // Publish: the new one is known before it signs anything.
    house.keys(&["key.pem", "new.pem"]).await;
    assert_eq!(house.published().await, [id_of(&old), id_of(&new)]);
    assert_eq!(house.signs_with().await, id_of(&old));

    // Sign: Epic still keeps the key set in which the new key is missing, and looks once more.
    house.keys(&["new.pem", "key.pem"]).await;
    assert_eq!(house.signs_with().await, id_of(&new));
    // A node that has not been restarted yet signs with the old one.
    assert!(house.assertion_under(&old).await["access_token"].is_string());

    // Retire: once Epic's copy of the key set is over, the old key is worth nothing.
    house.keys(&["new.pem"]).await;
    house.epic().forget_client_keys();
    assert_eq!(house.assertion_under(&old).await["error"], "invalid_client");
    assert_eq!(house.signs_with().await, id_of(&new));
    house.close().await;
}

#[actix_web::test]
async fn e43_a_key_is_told_of_before_it_is_due() {
    const DUE: &str = "vestibule_private_key_due_seconds";
    let mut house = House::of_the_program("").await;
    let (status, report) = house.check().await;
    report.passes("epic: private key", "due in 364 days");
    assert_eq!(status, 0);
    assert!(house.metric(&[DUE, "lakeside"]).await > 360.0 * 86_400.0);
    assert!(!house.log().contains("private_key_max_age"), "{}", house.log());

    let key = std::fs::File::options().append(true).open(house.file("key.pem")).unwrap();
    key.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(340 * 86_400)).unwrap();
    house.keys(&["key.pem"]).await;
    let (status, report) = house.check().await;
    report.warns("epic: private key", "due in 24 days");
    assert_eq!(status, 0, "it works for now");
    assert!(house.metric(&[DUE, "lakeside"]).await < 25.0 * 86_400.0);
    let told = house.log().lines().filter(|line| line.contains("due in 24 days")).count();
    assert_eq!(told, 1, "{}", house.log());
    assert!(house.runs(&["keys", "show"]).await.said.contains("340 days old, due in 24 days"));
    house.close().await;
}

#[actix_web::test]
async fn a_key_that_a_command_made_is_shown_beside_the_one_that_signs() {
    let mut house = House::of_the_program("").await;
    let path = house.file("made.pem").display().to_string();
    let made = house.runs_alone(&["keys", "generate", "--out", &path, "--bits", "2048"]).await;
    assert_eq!(made.status, 0, "{}", made.complained);
    let again = house.runs_alone(&["keys", "generate", "--out", &path]).await;
    assert!(again.status == 64 && again.complained.contains("never overwritten"), "{}", again.complained);
    let id = id_of(&PrivateKey::read(&house.file("made.pem")).unwrap().pem);
    assert!(made.said.contains(&id) && !made.said.contains("PRIVATE KEY"), "{}", made.said);

    house.keys(&["key.pem", "made.pem"]).await;
    let shown = house.runs(&["keys", "show"]).await;
    assert_eq!(shown.status, 0, "{}", shown.complained);
    let lines: Vec<&str> = shown.said.lines().collect();
    assert_eq!(lines[0], "lakeside:");
    assert!(lines[1].contains("signs, published") && lines[1].contains("key.pem"), "{}", shown.said);
    assert!(!lines[2].contains("signs") && lines[2].contains(&id), "{}", shown.said);
    assert!(lines[2].contains("2048 bits  0 days old"), "{}", shown.said);
    let wrong = house.runs_alone(&["keys", "generate", "--out", &path, "--bits", "1024"]).await;
    assert!(wrong.status == 64 && wrong.complained.contains("2048, 3072 or 4096"), "{}", wrong.complained);
    house.close().await;
}
