//! Every kind of launch by its own address, however that is put together.

use url::form_urlencoded::Serializer;
use vestibule::simulator::LaunchKind::{self, GroupPatient, GroupProvider, Patient, Provider, VisitTools};

use super::house::House;

const PATIENT: &str = "WPR1";
const PROVIDER: &str = "EMP501";
const CSN: &str = "10001";
/// One of the patients of a group, and who sees them.
const IN_GROUP: (&str, &str, &str) = ("10004", "WPR4", "EMP501");

#[actix_web::test]
async fn e1_every_kind_is_launched_by_path_and_by_query_with_parameters_in_any_order() {
    let house = House::with("[organization.lakeside]\norg_id = \"KEY1\"\n").await;
    let (group, in_group, sees_group) = IN_GROUP;
    let kinds: [(LaunchKind, &str, &str); 5] = [
        (Provider, CSN, PROVIDER),
        (Patient, CSN, PATIENT),
        (GroupProvider, group, sees_group),
        (GroupPatient, group, in_group),
        (VisitTools, CSN, PROVIDER),
    ];
    for (kind, csn, who) in kinds {
        let url = house.fresh_launch(kind, csn, who);
        let epics: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let ours = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let by_query = format!("/epic/launch/{}", kind.segment());
        for (path, more) in [
            (url.path(), ours(&[("unknown", "x"), ("launchtype", "")])),
            (by_query.as_str(), ours(&[("org_id", "KEY1"), ("acc_id", "DemoZoomAccount1")])),
            (by_query.as_str(), ours(&[("org_id", "KEY1")])),
            (by_query.as_str(), ours(&[("utm", "1"), ("acc_id", "DemoZoomAccount1")])),
        ] {
            let mut pairs = [epics.clone(), more].concat();
            for _ in 0..pairs.len() {
                pairs.rotate_left(1);
                let query = Serializer::new(String::new()).extend_pairs(&pairs).finish();
                let answer = house.get(&format!("{path}?{query}")).await;
                assert_eq!(answer.status, 302, "{path}?{query}: {}", answer.text());
                assert!(answer.header("location").contains("/oauth2/authorize?"), "{path}?{query}");
            }
        }
    }
    house.nothing_changed().await;
    house.close().await;
}
