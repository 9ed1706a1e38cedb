//! The pages people see: typed views over askama templates, and the static files they load.
//!
//! Everything here is pure. A front door fills a view and calls [`Page::render`]; nothing in this module reads a
//! clock, a store or a request. Every page is meant to be served with [`security_headers`].

mod about;
mod assets;
mod audit;
mod cell;
mod device_test;
mod downtime;
mod error_page;
mod fdi;
mod guest;
mod headers;
mod language;
mod letterhead;
mod link;
mod live;
mod message;
mod notifier;
mod onward;
mod ops;
mod organization;
mod records;
mod refused;
mod refused_form;
mod resend;
mod service;
mod signed_in;
mod stand_in;
mod story;
mod timeline;
mod tools;
mod waiting;
mod words;
mod zoom;

#[cfg(test)]
mod tests;

pub use about::{ClockTime, about, video_silent};
pub use askama::{Error as RenderError, Template as Page};
pub use assets::{Asset, asset, asset_url};
#[cfg(test)]
pub use audit::audit_actions;
pub use audit::{
    AuditFound, AuditOf, AuditPage, AuditResult, AuditRow, AuditSearch, AuditTrouble, came_to, is_action,
};
pub use cell::harmless_cell;
pub use device_test::DeviceTestPage;
pub use downtime::{DowntimeList, DowntimePage, DowntimeRow, Stands};
pub use error_page::{Audience, ErrorPage, Reason};
pub use fdi::{AdminPage, ByAccount, FdiPage, FdiRow, OrganizationLink, ProviderAccounts};
pub use guest::{Answered, Asking, GuestPage};
pub use headers::{PagePolicy, ZOOM_FORM_TARGETS, security_headers};
pub use language::Language;
pub use letterhead::Letterhead;
pub use link::{ExternalLink, NotALink, local_path};
pub use message::{MessageKey, Phase, VisitStatus, message};
pub use notifier::{NotifierNote, NotifierSection, PausedLine};
pub use onward::OnwardPage;
pub use ops::{OpsPage, WallColours, WallPage, spoken_word};
pub use organization::{
    ChangeLine, CheckLine, Field, HeadLine, OrganizationDraft, OrganizationNote, OrganizationPage, Origin,
    RefusedFile, SettingLine, Shown, VersionPage,
};
pub use records::{
    Became, LONGEST_EPIC_CODE, OrganizationChoice, RecordRow, RecordsPage, RecordsQuery, RecordsResult,
    SearchKey, UnusableSearch, clean_csn, grouped,
};
pub use refused::RefusedPage;
#[cfg(test)]
pub use refused::is_translated;
pub use refused_form::{RefusedForm, WrongField};
pub use resend::{ResendCount, ResendNote, ResendPage, ResendState, TooMuch};
pub use service::{BreakGlassPage, BreakGlassTrouble, IndexPage, SignInPage, SignInTrouble};
pub use signed_in::SignedIn;
pub use stand_in::{StandInPage, StandsFor};
pub use story::{StoryCommand, StoryLink, StoryNote, StoryPage, StoryParked, StoryPerson, set_aside};
pub use timeline::{TimelineLine, TimelineSection};
pub use tools::{
    Choice, DeviceLine, GuestLine, Here, Inviting, PersonLine, Texts, ToolsMeeting, ToolsNote, ToolsPage, Who,
};
pub use waiting::{Returned, TestLink, WaitingPage, Watcher};
pub use words::{invitation, problem, problem_title, weekday};
pub use zoom::{ConnectTrouble, ScopeRow, WebhookCheck, ZoomPage, ZoomResultPage, ZoomStands};
