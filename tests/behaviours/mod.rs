//! Behaviours of the library that hold both on AWS and on a local Bedrock: functions over a session, which panic on
//! failure.

pub mod async_invokes;
pub mod conversations;
pub mod guardrails;
pub mod queries;
pub mod raw_invocations;
pub mod streams;
pub mod tokens;

/// Calls a macro with the list of all behaviours, by topic.
#[macro_export]
macro_rules! for_each_behaviour {
    ($run:ident) => {
        $run! {
            async_invokes {
                a_missing_job_is_a_validation_error,
                jobs_can_be_listed_for_one_model_or_all_models,
            }
            conversations {
                a_conversation_continues_with_the_reply,
                a_forced_tool_is_called_with_an_object,
                a_guardrail_intervenes_in_a_conversation,
                a_reply_is_cut_at_max_tokens,
                converse_accepts_a_string,
                a_system_prompt_is_used,
                an_unknown_model_is_does_not_exist,
                conversation_manager_takes_a_model_id,
                parallel_tool_results_may_be_in_any_order,
                a_session_works_after_close,
            }
            guardrails {
                a_guardrail_is_applied_to_a_text,
                a_guardrail_can_be_created_updated_versioned_and_deleted,
                a_missing_guardrail_is_does_not_exist,
            }
            queries {
                get_accepts_an_id_or_an_arn,
                a_missing_model_is_does_not_exist,
                availability_returns_the_requested_model,
                first_exists_and_count_agree_with_the_list,
                aws_filters_models,
                rows_can_be_streamed_and_limited,
            }
            raw_invocations {
                a_malformed_body_is_a_validation_error,
                a_model_replies_in_its_provider_format,
                a_chunk_stream_ends_with_the_invocation_metrics,
            }
            streams {
                a_dropped_stream_leaves_the_session_usable,
                a_stream_returns_its_events_in_order,
                streaming_from_an_unknown_model_is_does_not_exist,
                a_text_stream_can_be_collected,
                collect_returns_a_reply_like_converse,
            }
            tokens {
                count_tokens_accepts_a_conversation_or_a_body,
            }
        }
    };
}
