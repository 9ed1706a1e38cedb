//! Rows of events and what the visit shows in the end, played all at once, each in a visit of its own.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::ground::{Ground, Kept, WITHIN, has_problem, participant};
use super::scene::Scene;
use super::wire::{Event, of_join, of_meeting};
use super::wire::{P1, U1};
use crate::hospital::truth::until_at_rest;

/// One step of a row.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Zoom tells this.
    Tells(Event),
    /// Zoom tells this so many times at once.
    TellsAtOnce(usize, Event),
    /// Epic is now told that the patient is connected, or is not.
    Light(bool),
}

pub const ON: Step = Step::Light(true);
pub const OFF: Step = Step::Light(false);

impl From<Event> for Step {
    fn from(event: Event) -> Self {
        Self::Tells(event)
    }
}

pub struct Row {
    pub number: u32,
    pub name: &'static str,
    pub steps: Vec<Step>,
    pub phase: &'static str,
    pub provider: &'static str,
    pub patient: &'static str,
    pub strangers: usize,
    /// What the visit shows as wrong, besides whatever else.
    pub problem: Option<&'static str>,
}

/// `who` is where the provider and the patient are in the end.
pub fn row(
    number: u32,
    name: &'static str,
    steps: Vec<Step>,
    phase: &'static str,
    (provider, patient): (&'static str, &'static str),
) -> Row {
    Row { number, name, steps, phase, provider, patient, strangers: 0, problem: None }
}

impl Row {
    pub fn strangers(self, strangers: usize) -> Self {
        Self { strangers, ..self }
    }

    pub fn problem(self, problem: &'static str) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// What Epic is told of the patient, in order.
    fn told(&self) -> Vec<bool> {
        let light = |step: &Step| if let Step::Light(on) = step { Some(*on) } else { None };
        self.steps.iter().filter_map(light).collect()
    }

    async fn play(&self, scene: &Scene<'_>) -> Result<(), String> {
        for step in &self.steps {
            match step {
                Step::Tells(event) => scene.tell(event).await,
                Step::TellsAtOnce(times, event) => {
                    join_all((0..*times).map(|_| scene.tell(event))).await;
                }
                Step::Light(on) => {
                    let (csn, patient) = (scene.csn(), scene.patient());
                    let lit = scene.ground.until_light(csn, patient, *on);
                    timeout(WITHIN, lit).await.map_err(|_| format!("the light is never {on}: {step:?}"))?;
                }
            }
        }
        Ok(())
    }

    /// What is not as it should be.
    fn complaints(&self, scene: &Scene<'_>, visit: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, is: Value, should: Value| {
            if is != should {
                wrong.push(format!("{what} is {is} and should be {should}"));
            }
        };
        compare("the phase", visit["phase"].clone(), json!(self.phase));
        for (who, presence) in [(scene.provider(), self.provider), (scene.patient(), self.patient)] {
            let person = participant(visit, who);
            let light = presence == "in_meeting";
            compare(&format!("{who}'s presence"), person["presence"].clone(), json!(presence));
            compare(&format!("{who}'s wanted light"), person["wanted"].clone(), json!(light));
            compare(&format!("{who}'s acknowledged light"), person["connected"].clone(), json!(light));
            let shown = scene.ground.epic().is_connected(scene.csn(), who);
            compare(&format!("{who}'s light at Epic"), json!(shown), json!(light));
        }
        let all = visit["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
        let strangers = all.iter().filter(|one| one["role"] == "unidentified").count();
        compare("the number of strangers", json!(strangers), json!(self.strangers));
        let told = scene.ground.told(scene.csn(), scene.patient());
        compare("what Epic was told of the patient", json!(told), json!(self.told()));
        if let Some(problem) = self.problem {
            compare(problem, json!(has_problem(visit, problem)), json!(true));
        }
        wrong
    }
}

/// The provider alone in the meeting, and then these.
pub fn opened_and(more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let opened = [of_meeting("started", U1, 10), of_join("participant_joined", P1, U1, 10)];
    opened.into_iter().map(Step::from).chain(more).collect()
}

/// Plays all rows at once, each in a visit of its own, and says everything that is wrong in the end.
pub async fn play_all(kept: Kept, rows: &[Row]) {
    let ground = Ground::open(kept, rows.len()).await;
    let scenes = join_all(rows.iter().map(|_| Scene::set(&ground))).await;
    let played = join_all(rows.iter().zip(&scenes).map(|(row, scene)| async {
        row.play(scene).await?;
        scene.settled().await;
        Ok::<(), String>(())
    }))
    .await;
    until_at_rest(&ground.site).await;
    let mut wrong = Vec::new();
    for ((row, scene), played) in rows.iter().zip(&scenes).zip(played) {
        let visit = ground.visit(scene.csn()).await;
        let mut found = row.complaints(scene, &visit);
        found.extend(played.err());
        if !found.is_empty() {
            wrong.push(format!("{}: {} ({:?}): {found:#?} in {visit}", row.number, row.name, kept));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    ground.close().await;
}
