//! `/api/v1`: visits and what happened to them, notification records, parked commands, the audit and copies of the store, for programs.

mod audit;
mod backup;
mod export;
mod notifications;
mod parked;
mod resend;
mod timeline;
mod visits;

// What utoipa's attribute makes beside each handler.
pub use audit::{__path_export as __path_audit, export as audit};
pub(super) use audit::{SETTLED_WITHIN, whose};
pub use backup::{__path_take as __path_backup, take as backup};
pub use notifications::{__path_list as __path_notifications, list as notifications};
pub use parked::{__path_list as __path_parked, list as parked};
pub use resend::{__path_resend, resend};
pub use timeline::{
    __path_of_conference as __path_group_timeline, __path_of_csn as __path_timeline,
    of_conference as group_timeline, of_csn as timeline,
};
pub use visits::{
    __path_group as __path_group_visit, __path_list as __path_visits, __path_one as __path_visit,
    GROUPS_LOOKED_THROUGH, find_group_visit, find_visit, group as group_visit, last_single_visit,
    list as visits, one as visit,
};

#[cfg(test)]
mod tests;
