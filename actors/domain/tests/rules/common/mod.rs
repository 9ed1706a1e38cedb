//! What the tests share: a story that is told command by command, the facts of it, and a Zoom that answers.

pub mod facts;
pub mod story;
pub mod zoom;

use vestibule_domain::time::{Moment, Span};
use vestibule_domain::visit::Visit;
use vestibule_domain::visit::participant::Light;

/// Seconds of a story as a time of the real world.
pub fn at(seconds: i64) -> Moment {
    Moment(1_795_000_000_000) + Span::seconds(seconds)
}

/// All orders of some things, for as few as can be tried.
pub fn permutations<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    assert!(things.len() <= 7, "{} things have too many orders", things.len());
    let Some((first, rest)) = things.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in permutations(rest) {
        for place in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(place, first.clone());
            all.push(longer);
        }
    }
    all
}

/// All orders of a few things; of more, every rotation of the order, of its reverse, and every exchange of two.
pub fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.len() <= 5 {
        return permutations(things);
    }
    let reverse: Vec<T> = things.iter().rev().cloned().collect();
    let mut all = Vec::new();
    for start in [things.to_vec(), reverse] {
        for turn in 0..start.len() {
            let mut turned = start.clone();
            turned.rotate_left(turn);
            all.push(turned);
        }
    }
    for one in 0..things.len() {
        for other in 0..one {
            let mut exchanged = things.to_vec();
            exchanged.swap(one, other);
            all.push(exchanged);
        }
    }
    all
}

/// What facts alone decide of a visit: everything but how it came there and when that was noticed.
pub fn folded(visit: &Visit) -> Visit {
    let mut visit = visit.clone();
    visit.updated_at = at(0);
    visit.stirred_at = at(0);
    for person in visit.participants.values_mut() {
        person.since = at(0);
        person.light = Light { wanted: person.light.wanted, ..Light::default() };
    }
    visit
}
