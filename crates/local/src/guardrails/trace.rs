//! The trace of a turn's guardrails, in the forms of Converse, ConverseStream, and InvokeModel.

use serde_json::{Map, Value, json};

use crate::guardrails::assessment::{Assessment, Outcome};
use crate::guardrails::guard::Guard;

/// Which trace a request asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Trace {
    Off,
    On,
    /// With what was checked and not found.
    Full,
}

/// The outcome of a turn: the most severe one of all assessments.
pub(super) fn outcome(guards: &[Guard]) -> Outcome {
    let assessments = guards.iter().flat_map(|guard| [&guard.input, &guard.output]).flatten();
    assessments.map(|assessment| assessment.outcome).max().unwrap_or_default()
}

/// The trace in Converse's form. If a guardrail intervened, `modelOutput` is present even if it is empty, as recorded.
pub(super) fn converse_trace(guards: &[Guard], model_output: &[String]) -> Value {
    let mut trace = converse_stream_trace(guards, model_output);
    if outcome(guards) != Outcome::Passed {
        trace["guardrail"]["modelOutput"] = json!(model_output);
    }
    trace
}

/// The trace in ConverseStream's form.
pub(super) fn converse_stream_trace(guards: &[Guard], model_output: &[String]) -> Value {
    trace(guards, model_output, ["inputAssessment", "outputAssessments"], |outputs| {
        Value::Object(outputs.map(|(id, output)| (id, json!([output]))).collect())
    })
}

/// The trace in InvokeModel's form.
pub(super) fn invoke_trace(guards: &[Guard], model_output: &[String]) -> Value {
    trace(guards, model_output, ["input", "outputs"], |outputs| {
        outputs.map(|(id, output)| json!({ id: output })).collect()
    })
}

/// A trace. `members` are the names of the members for the input's and the outputs' assessments.
fn trace(
    guards: &[Guard],
    model_output: &[String],
    members: [&str; 2],
    format_outputs: impl Fn(&mut dyn Iterator<Item = (String, &Value)>) -> Value,
) -> Value {
    let by_id = |assessment: fn(&Guard) -> &Option<Assessment>| {
        guards.iter().filter_map(move |guard| Some((guard.id(), &assessment(guard).as_ref()?.json)))
    };
    let [input_member, output_member] = members;
    let mut trace = json!({});
    let inputs: Map<_, _> = by_id(|guard| &guard.input).map(|(id, input)| (id, input.clone())).collect();
    if !inputs.is_empty() {
        trace[input_member] = Value::Object(inputs);
    }
    if guards.iter().any(|guard| guard.output.is_some()) {
        trace[output_member] = format_outputs(&mut by_id(|guard| &guard.output));
    }
    if outcome(guards) != Outcome::Passed {
        if !model_output.is_empty() {
            trace["modelOutput"] = json!(model_output);
        }
        trace["actionReason"] = json!(action_reason(guards));
    }
    json!({ "guardrail": trace })
}

/// One line for the input, and one for the output if the model was called, as recorded.
fn action_reason(guards: &[Guard]) -> String {
    let most_severe = |assessment: fn(&Guard) -> &Option<Assessment>| {
        guards.iter().filter_map(|guard| assessment(guard).as_ref()).map(|it| it.outcome).max()
    };
    let outcomes = [most_severe(|guard| &guard.input), most_severe(|guard| &guard.output)];
    outcomes.into_iter().flatten().map(Outcome::reason).collect::<Vec<_>>().join("\n")
}
