//! Every row of the page for administrators is played on either ground.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many rows there are.
const ROWS: u32 = 48;

/// The number that a name begins with: `a07_…`.
fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix('a')?.split_once('_')?.0.parse().ok()
}

#[test]
fn each_row_is_played_on_one_node_and_on_two_and_is_told_to_administrators() {
    assert_eq!(["a07_x", "b8_x", "e9_x", "a"].map(number_of), [Some(7), None, None, None]);
    let named = [
        super::accounts::PLAYED,
        super::attendance::PLAYED,
        super::calls::PLAYED,
        super::doors::PLAYED,
        super::times::PLAYED,
        super::trouble::PLAYED,
        super::users::PLAYED,
    ];
    let mut played: BTreeSet<u32> = named.concat().into_iter().filter_map(number_of).collect();
    played.extend(super::rows().iter().map(|row| row.number));
    assert_eq!(played, (1..=ROWS).collect(), "what is played");

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/zoom-anomalies.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let number = cells[0].parse::<u32>().ok()?;
        assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.trim().is_empty()), "{line}");
        Some(number)
    });
    assert_eq!(rows.collect::<Vec<u32>>(), (1..=ROWS).collect::<Vec<u32>>(), "what is told, in order");
}
