//! The contract suite on the embedded adapters.

use std::time::Duration;

use super::{Home, LONG};
use zorgsluis_contract::{
    fhir_search, fhir_store, keys, log_index, log_signer, log_storage, patient_index, payload, queue,
    records, registers,
};

/// One test for each promise: `adapter expression => module: functions`.
macro_rules! suite {
    ($name:ident, $home:ident => $adapters:tt, $module:ident: $($test:ident),+ $(,)?) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let $home = Home::new();
                    $module::$test $adapters.await;
                }
            )+
        }
    };
}

suite!(a_queue, home => (home.directory.queue("inbound", LONG)), queue:
    a_group_is_delivered_in_the_order_sent,
    a_message_keeps_the_id_that_sending_told,
    a_group_in_flight_holds_its_later_messages_back,
    a_partly_deleted_batch_still_holds_its_group_back,
    a_batch_that_is_given_back_comes_again_in_its_order,
    a_duplicate_is_accepted_and_not_delivered,
    one_message_that_cannot_be_sent_fails_alone,
    a_batch_has_ten_messages_at_most,
    an_old_receipt_does_nothing,
    a_receiver_waits_for_a_message,
    depth_counts_waiting_and_in_flight,
    several_consumers_keep_the_order_of_each_group,
);

suite!(a_short_queue, home => (home.directory.queue("inbound", Duration::from_secs(2))), queue:
    what_is_not_deleted_comes_back,
    visibility_can_be_extended,
);

suite!(payloads, home => (home.directory.payloads(), home.directory.keys()), payload:
    what_was_put_is_read_and_never_replaced,
    of_many_puts_at_once_one_creates,
    listing_is_oldest_first_paged_and_bounded,
    a_note_is_replaced_by_its_name,
    destroying_the_key_erases,
);

suite!(the_keys, home => (home.directory.keys()), keys:
    pseudonyms_differ_by_purpose_and_parts,
    an_identity_pseudonym_is_an_hmac_under_the_identity_key,
    what_was_sealed_opens_in_its_context_only,
    the_same_text_is_sealed_differently_each_time,
    each_owner_and_class_has_a_key_of_its_own,
    many_first_uses_at_once_make_one_key,
    destroying_erases_one_owner_and_class,
    of_many_destructions_at_once_one_counts,
);

suite!(the_patient_index, home => (home.directory.patient_index()), patient_index:
    an_identifier_stays_with_who_claimed_it_first,
    of_many_claims_at_once_one_wins,
    the_survivor_is_the_end_of_all_merges,
    a_merge_never_closes_a_circle_or_changes_its_mind,
    merges_at_once_close_no_circle,
    two_merges_at_once_of_four_patients_close_no_circle,
    an_identifier_of_a_merged_patient_is_held_by_the_survivor,
    what_was_released_can_be_claimed_by_another,
    the_history_tells_all_that_happened,
    lines_of_the_log_are_led_to_by_all_numbers_of_a_person,
    changes_of_one_patient_at_once_are_all_told,
);

suite!(the_providers, home => (home.directory.provider_directory()), registers:
    each_put_makes_a_version_and_all_stay,
    of_many_puts_on_one_version_one_wins,
    no_two_active_providers_share_an_identifier,
    of_many_active_providers_with_one_identifier_one_is_written,
    providers_are_found_by_identifier_and_address,
    providers_are_listed_by_name,
);

suite!(the_notices, home => (home.directory.notice_register()), registers:
    of_many_reservations_one_is_new,
    a_notice_is_settled_from_the_states_named_only,
    of_many_who_settle_a_notice_one_does,
    notices_are_listed_changed_last_first,
);

suite!(the_opt_outs, home => (home.directory.opt_outs()), registers:
    the_newest_wish_of_a_patient_stands,
);

suite!(dead_letters, home => (home.directory.dead_letters()), records:
    a_dead_letter_is_kept_replaced_and_removed,
    a_letter_parked_again_meanwhile_stays,
    a_letter_is_removed_once_though_many_try,
    dead_letters_are_listed_oldest_receipt_first,
);

suite!(the_sweep, home => (home.directory.payloads(), home.directory.journal()), payload:
    what_was_never_queued_is_found_and_nothing_else,
    what_was_queued_stays_so_in_any_order,
    a_cursor_that_nobody_gave_out_is_refused,
);

suite!(the_journal, home => (home.directory.journal()), records:
    the_way_of_a_message_grows_in_the_order_of_time,
    the_journal_knows_what_was_queued,
    the_latest_ways_come_first,
);

suite!(the_fhir_store, home => (home.directory.fhir_store()), fhir_store:
    each_write_makes_a_version,
    reading_answers_in_the_order_asked,
    many_are_read_at_once,
    a_deletion_has_a_version_to_hold_to,
    a_deletion_is_a_version_and_history_stays,
    a_transaction_is_done_as_a_whole_or_not_at_all,
    a_check_holds_a_transaction_to_what_was_read,
    what_can_never_be_written_is_refused,
    decimals_keep_their_precision,
    of_many_writers_none_overwrites_another,
);

suite!(searching, home => (home.directory.fhir_store()), fhir_search:
    tokens_match_with_and_without_system,
    strings_match_from_their_beginning,
    dates_match_at_their_precision,
    references_match_by_id_and_type,
    only_current_resources_are_found,
    pages_stay_put_while_resources_come,
    what_is_not_understood_is_refused,
);

suite!(the_log_storage, home => (home.objects()), log_storage:
    an_object_is_created_once,
    of_many_creations_at_once_one_wins,
    an_object_longer_than_the_limit_is_not_read,
    a_replacement_needs_the_object_that_was_read,
    of_many_replacements_at_once_none_is_lost,
    put_writes_whatever_stands_there,
    keys_are_listed_in_byte_order,
    what_is_no_key_is_refused,
);

suite!(the_versions_of_the_log, home => (home.objects(), false), log_storage:
    what_was_written_again_is_told_where_versions_are_kept,
);

suite!(the_log_signer, home => (home.directory.log_signer("zorgsluis/umc").unwrap()), log_signer:
    a_signature_is_of_this_key_and_this_message,
    a_note_carries_the_signature,
);

suite!(the_log_index, home => (home.directory.entry_index("umc")), log_index:
    bundles_are_recorded_in_order_and_once,
    entries_are_found_by_key_and_time,
    verification_sees_every_row,
    the_keys_of_an_entry_can_be_replaced,
    a_reset_empties_it,
    many_recorders_of_one_bundle_agree,
    a_whole_bundle_of_ids_is_asked_for_at_once,
    an_id_that_stands_twice_leads_to_where_it_stood_first,
);
