//! What the library does, on AWS as on a local Bedrock: functions over a session that panic where it does not.

pub mod async_invokes;
pub mod conversations;
pub mod guardrails;
pub mod queries;
pub mod raw_invocations;
pub mod streams;
pub mod tokens;

/// Gives the list of all behaviours, by topic, to a macro.
#[macro_export]
macro_rules! for_each_behaviour {
    ($run:ident) => {
        $run! {
            async_invokes {
                a_job_that_is_not_there_is_a_validation_error,
                jobs_are_listed_for_one_model_and_for_all,
            }
            conversations {
                a_conversation_goes_on_with_the_reply,
                a_forced_tool_is_called_with_an_object,
                a_guardrail_intervenes_in_a_conversation,
                a_reply_is_cut_at_max_tokens,
                a_string_is_enough_to_converse,
                a_system_prompt_is_taken,
                an_unknown_model_does_not_exist,
                conversation_manager_needs_no_fetched_model,
                parallel_tool_results_may_come_in_another_order,
                the_session_works_on_after_close,
            }
            guardrails {
                a_guardrail_is_applied_to_a_text,
                a_guardrail_lives_from_create_to_delete,
                a_guardrail_that_is_not_there_does_not_exist,
            }
            queries {
                a_model_is_got_by_its_id_and_by_its_arn,
                a_model_that_is_not_there_does_not_exist,
                availability_tells_of_the_model_asked_for,
                first_exists_and_count_agree_with_the_list,
                models_are_filtered_by_aws,
                rows_can_be_streamed_and_limited,
            }
            raw_invocations {
                a_body_of_the_wrong_form_is_a_validation_error,
                a_model_answers_in_its_makers_form,
                a_stream_of_chunks_ends_with_the_metrics,
            }
            streams {
                a_dropped_stream_leaves_the_session_usable,
                a_stream_gives_its_events_in_order,
                a_stream_of_an_unknown_model_does_not_exist,
                a_stream_of_text_can_still_be_collected,
                collect_gives_what_converse_gives,
            }
            tokens {
                tokens_are_counted_of_a_conversation_and_of_a_body,
            }
        }
    };
}
