//! The waiting page: signs of life, looks at the committed visit, and the way in once there is one (I6).

use std::time::Duration;
use tokio::time::{Instant, sleep};
use vestibule_actors::port::clock::instant;
use vestibule_domain::command::Command;
use vestibule_domain::id::{MeetingId, ZoomUserId};
use vestibule_domain::visit::WayIn;

use super::{Launched, Person};
use crate::audit::breach;
use crate::lock;
use crate::world::Breach;
use crate::zoom::rooms::Pass;
use crate::zoom::truth::user_of;

/// A page gives a sign this often.
const SIGN_EVERY: Duration = Duration::from_secs(30);

/// A way into a meeting.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) meeting: MeetingId,
    pub(super) pass: Pass,
}

/// What the page shows.
enum Page {
    /// The node, or its store, does not answer.
    Nothing,
    /// The visit does not know this person, as after a store that lost the launch.
    Unknown,
    Wait,
    Go(Link),
}

/// What the page gives.
enum Link {
    Start(MeetingId),
    Alternative(MeetingId),
    Personal(vestibule_domain::name::PersonalLink),
    AsUser(MeetingId, ZoomUserId),
}

impl Person {
    /// Waits on the page. `None` when patience ends first.
    pub(super) async fn wait_to_be_let_in(&mut self, patience: Instant) -> Option<Way> {
        let mut next_sign = instant() + SIGN_EVERY;
        while instant() < patience {
            match self.look().await {
                Page::Go(link) => {
                    if let Some(way) = self.given(&link) {
                        self.depart().await;
                        return Some(way);
                    }
                }
                Page::Unknown if instant() + Duration::from_secs(8) < patience => {
                    if self.launch().await == Launched::Refused {
                        return None;
                    }
                }
                Page::Unknown | Page::Nothing | Page::Wait => {}
            }
            if instant() >= next_sign {
                next_sign = instant() + SIGN_EVERY;
                self.sign(Command::PageSeen { participant: self.me.clone() }).await;
            }
            sleep(self.chance.millis(1_500, 5_000)).await;
        }
        None
    }

    async fn look(&mut self) -> Page {
        let node = self.any_node();
        let (visit, me) = (self.visit.clone(), self.me.clone());
        let policy = self.world.scenario.organization(&visit.organization).map(|plan| plan.policy.clone());
        let seen = self.world.at_door(node, Duration::from_secs(5), move |inside| {
            Box::pin(async move {
                let (Ok(Some(snapshot)), Some(policy)) = (inside.desk.visit(&visit).await, policy) else {
                    return Page::Nothing;
                };
                if !snapshot.visit.participants.contains_key(&me) {
                    return Page::Unknown;
                }
                let meeting = snapshot.visit.meeting.as_ref().map(|meeting| meeting.id);
                match (snapshot.visit.way_in(&me, &policy), meeting) {
                    (Some(WayIn::Start(meeting)), _) => Page::Go(Link::Start(meeting)),
                    (Some(WayIn::Alternative { .. }), Some(meeting)) => Page::Go(Link::Alternative(meeting)),
                    (Some(WayIn::AsUser { meeting, user, .. }), _) => {
                        Page::Go(Link::AsUser(meeting, user.clone()))
                    }
                    (Some(WayIn::Personal(link)), _) => Page::Go(Link::Personal(link.clone())),
                    _ => Page::Wait,
                }
            })
        });
        seen.await.unwrap_or(Page::Nothing)
    }

    async fn sign(&mut self, command: Command) {
        let (node, visit) = (self.any_node(), self.visit.clone());
        let signed = self.world.at_door(node, Duration::from_secs(5), move |inside| {
            Box::pin(async move { inside.desk.submit(&visit, command).await.is_ok() })
        });
        // A page that gets no answer signs again in its time.
        let _ = signed.await;
    }

    async fn depart(&mut self) {
        self.sign(Command::Departed { participant: self.me.clone() }).await;
    }

    /// Judges a link that this person was given (I6), and opens it.
    fn given(&self, link: &Link) -> Option<Way> {
        let verdict = self.whose(link);
        match verdict {
            Ok(way) => way,
            Err(breach) => {
                self.world.judge(self.world.about(&self.visit), Err(breach));
                None
            }
        }
    }

    fn whose(&self, link: &Link) -> Result<Option<Way>, Breach> {
        let (audit, zoom) = (lock(&self.world.audit), lock(&self.world.zoom));
        let (meeting, pass) = match link {
            Link::Start(meeting) | Link::Alternative(meeting) => (*meeting, Pass::User(user_of(&self.me))),
            Link::AsUser(meeting, user) => match zoom.stand_in(user) {
                Some(stand_in) if stand_in.who != self.me => {
                    return breach(
                        "I6",
                        format!("{:?} is sent in as the user of {:?}", self.me, stand_in.who),
                    );
                }
                // It was removed a moment ago; Zoom gives out no token of it.
                Some(stand_in) if stand_in.removed => return Ok(None),
                Some(_) => (*meeting, Pass::User(user.clone())),
                None => {
                    return breach(
                        "I6",
                        format!("{:?} is sent in as a user whom Zoom does not know", self.me),
                    );
                }
            },
            Link::Personal(link) => match zoom.whose_link(link) {
                Some((meeting, registrant, whose)) if whose == self.me => {
                    (meeting, Pass::Registrant(registrant))
                }
                Some((_, _, whose)) => {
                    return breach("I6", format!("{:?} is given the link of {whose:?}", self.me));
                }
                None => {
                    return breach("I6", format!("{:?} is given a link that Zoom does not know", self.me));
                }
            },
        };
        let Some(there) = zoom.meeting(meeting) else {
            return breach("I6", format!("{:?} is sent to a meeting that Zoom does not know", self.me));
        };
        let whose = audit.meetings.whose(&there.marker);
        if whose != Some(&self.visit) && !audit.rollback.forgiven.contains(&self.visit) {
            return breach("I6", format!("{:?} is sent to the meeting of {whose:?}", self.me));
        }
        if matches!(link, Link::Start(_)) && there.host != user_of(&self.me) {
            return breach("I6", format!("{:?} is given the start link of {}", self.me, there.host));
        }
        if matches!(link, Link::Personal(_) | Link::AsUser(..)) && there.starts == 0 {
            return breach("I6", format!("{:?} is let in before anybody started the meeting", self.me));
        }
        Ok(Some(Way { meeting, pass }))
    }
}
