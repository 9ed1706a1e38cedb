//! The picture before an organization's name, as its page sets it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::house::House;
use super::organizations::{PAGE, house};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and what browsers make of it";

fn written(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", STANDARD.encode(bytes))
}

/// Where a page that people see says the organization's picture is.
async fn picture(house: &House) -> Option<String> {
    let page = house.get("/epic/hillside/launch/nonsense?iss=x&launch=y").await.text();
    let (_, rest) = page.split_once("<img class=\"logo\" src=\"")?;
    rest.split_once('"').map(|(address, _)| address.to_owned())
}

#[actix_web::test]
async fn a_picture_is_set_on_the_page_and_shown_to_people() {
    let (house, other, said) = house().await;
    let png = written("png", PNG);
    assert_eq!(house.types(&said, "0", &[("logo", &png)]).await, "checked");
    let page = house.get(PAGE).await.text();
    let size = format!("image/png, {} B", PNG.len());
    assert!(page.contains(&size), "the difference is readable: {page}");
    assert_eq!(house.does("save", &[]).await, "saved");
    house.until_served(true).await;
    let served = house.get(&picture(&house).await.unwrap()).await;
    assert_eq!((served.status, served.header("content-type")), (200, "image/png"));
    assert_eq!(&served.body[..], PNG);
    let file = house.get(&format!("{PAGE}/export")).await.text();
    assert!(file.contains(&png), "a file that is handed out has it: {file}");
    assert_eq!(house.types(&said, "1", &[("logo", &written("png", b"<svg/>"))]).await, "wrong");
    assert!(house.get(PAGE).await.text().contains("is no picture that is shown"));
    assert_eq!(house.types(&said, "1", &[("logo", &written("png", &[0; 25_000]))]).await, "wrong");
    assert!(house.get(PAGE).await.text().contains("at most 24 KiB can be written out"));
    assert_eq!(house.types(&said, "1", &[("logo", "")]).await, "checked");
    assert_eq!(house.does("save", &[]).await, "saved");
    assert_eq!(picture(&house).await, None);
    other.stop().await;
    house.close().await;
}
