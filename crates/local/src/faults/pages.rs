//! Pages of lists that hold nothing, or lead nowhere.

use serde_json::Value;

use crate::faults::fault::Effect;
use crate::store::lists::same_page;
use crate::wire::description::Kind;
use crate::wire::output::Output;
use crate::wire::request::Request;

impl Effect {
    /// Spoils a page, where this is what the fault does. `nonce` makes tokens differ.
    pub(super) fn spoil_page(&self, request: &Request, nonce: u64, answer: &mut Output) {
        let token = request.input["nextToken"].as_str();
        match (self, answer) {
            (Self::EmptyPage {}, Output::Json(Value::Object(members))) => {
                let output = request.operation.output.as_ref();
                let output = output.and_then(|output| request.service.shape(&output.shape));
                let is_list = |name: &str| {
                    let member = output.and_then(|output| output.member(name));
                    let shape = member.and_then(|member| request.service.shape(&member.shape));
                    shape.is_some_and(|shape| shape.kind == Kind::List)
                };
                for (name, value) in &mut *members {
                    if is_list(name) {
                        *value = Value::Array(Vec::new());
                    }
                }
                members.insert("nextToken".to_owned(), same_page(token, nonce).into());
            }
            (Self::RepeatedToken {}, Output::Json(Value::Object(members))) => {
                let again = token.map_or_else(|| same_page(None, nonce), str::to_owned);
                members.insert("nextToken".to_owned(), again.into());
            }
            _ => {}
        }
    }
}
