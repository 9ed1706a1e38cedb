//! What every store must keep of the port's promises, and what the embedded one promises besides.

mod audit;
mod barrier;
mod commits;
mod copies;
mod crash;
mod files;
mod groups;
mod history;
mod journal;
mod keeping;
mod leases;
mod nodes;
mod outbox;
mod random;
mod records;
mod relaid;
mod restore;
mod servers;
mod sweep;
mod unreadable;
mod values;
mod views;
mod ways;
mod world;

/// Runs each case on each store, as a test of its own.
macro_rules! conformance {
    ($($module:ident: $($case:ident)*;)*) => {
        mod memory {
            use super::world::World;
            $(mod $module {
                use super::World;
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&World::memory()).await;
                })*
            })*
        }
        mod embedded {
            use super::world::World;
            $(mod $module {
                use super::World;
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&World::embedded()).await;
                })*
            })*
        }
        mod sealed {
            use super::world::World;
            $(mod $module {
                use super::World;
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&World::sealed()).await;
                })*
            })*
        }
        mod redis {
            use super::world::World;
            $(mod $module {
                use super::World;
                $(#[tokio::test]
                async fn $case() {
                    super::super::$module::$case(&World::redis().await).await;
                })*
            })*
        }
    };
}

conformance! {
    audit:
        nodes_that_write_at_once_make_one_chain_over_many_pages
        what_is_past_its_time_leaves_and_the_rest_is_still_a_chain;
    leases:
        a_free_shard_is_granted_and_another_token_is_told_who_holds_it
        the_own_lease_is_granted_again_under_the_same_epoch
        who_asks_again_is_told_who_owned_it_before
        a_lease_that_ran_out_is_nobodys
        only_a_release_makes_the_next_owner_clean
        a_lease_is_prolonged_by_its_owner_alone
        a_new_epoch_is_above_every_one_that_was_seen
        who_renews_sees_that_the_store_went_back
        all_owners_are_told_of_at_once
        no_write_succeeds_with_anything_but_the_lease;
    nodes:
        nodes_are_there_as_long_as_they_say_so
        what_a_node_is_may_change
        hints_tell_of_nodes_that_come_and_go;
    restore:
        only_what_is_newer_than_the_store_is_written
        a_commit_from_before_is_not_taken_for_done
        only_the_owner_restores
        visits_of_another_shard_are_not_restored;
    journal:
        entries_are_read_in_order_from_any_place
        an_append_is_all_or_none
        entries_of_another_shard_are_refused
        a_full_journal_takes_no_more_until_the_cursor_moves
        an_event_is_held_until_its_meeting_is_indexed
        a_meeting_belongs_to_one_visit_for_ever
        organizations_do_not_share_meetings
        an_event_is_held_for_a_bounded_time
        the_oldest_held_event_makes_room
        held_events_move_even_into_a_full_journal
        a_full_journal_refuses_routed_events
        tries_are_counted_by_process_until_the_cursor_passes;
    commits:
        a_commit_writes_states_wakes_outbox_cursor_and_change
        a_repeated_commit_is_done_once
        a_version_is_written_once
        a_store_that_went_back_is_seen
        a_commit_that_contradicts_itself_is_refused
        a_refused_commit_writes_nothing
        a_removed_visit_leaves_with_its_wake
        parked_commands_are_listed_newest_first
        a_parked_command_is_dropped_by_its_visit_and_place
        parked_commands_are_bounded
        ids_of_commits_belong_to_their_shard;
    views:
        changes_are_followed_without_a_gap_whatever_the_page
        a_visit_appears_once_at_its_last_change
        a_visit_that_left_is_told_of_for_a_while
        visits_are_paged_by_key
        due_visits_come_earliest_first
        hints_tell_of_journals_and_changes
        hints_tell_of_every_way_into_a_journal;
    outbox:
        the_outbox_is_read_in_lane_order_and_by_pages
        a_settled_lane_is_done_up_to_its_number
        attempts_are_kept
        a_settlement_is_journalled_even_when_the_journal_is_full
        reports_of_a_lost_lease_change_nothing;
    records:
        records_are_found_by_organization_csn_and_meeting
        records_are_found_by_outcome_code_and_time
        records_are_found_by_epics_own_code
        each_record_says_of_how_many_attempts
        records_are_paged_newest_first
        a_search_looks_at_so_many_records_and_says_where_to_go_on
        a_page_stays_where_it_was_while_records_come;
    history:
        lines_are_appended_with_their_commit_and_once
        a_history_is_bounded_and_counts_what_left
        a_history_outlives_its_visit_and_a_store_that_went_back
        histories_leave_with_the_records;
    values:
        a_value_lives_until_its_time
        of_all_who_take_one_gets_it
        the_first_put_if_absent_stands
        spaces_never_meet
        an_organizations_field_is_written_by_version
        an_organizations_fields_are_forgotten_by_how_their_names_begin
        a_gate_counts_for_everybody
        a_halted_gate_lets_nobody_through_until_it_may_go_on;
    sweep:
        a_sweep_removes_what_has_expired_and_nothing_else
        an_index_entry_stays_while_its_visit_is_there
        records_above_the_cap_leave_oldest_first
        parked_commands_leave_with_the_records;
    keeping:
        each_organization_keeps_for_its_own_time
        an_organization_is_forgotten_and_no_other;
}
