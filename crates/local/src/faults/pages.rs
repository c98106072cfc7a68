//! Changes pages of lists: empty pages and repeated tokens.

use serde_json::Value;

use crate::faults::effect::Effect;
use crate::store::lists::same_page;
use crate::wire::description::Kind;
use crate::wire::output::Output;
use crate::wire::request::Request;

impl Effect {
    /// Changes a page, if the effect is one on pages. `nonce` makes the tokens of several pages differ.
    pub(super) fn change_page(&self, request: &Request, nonce: u64, output: &mut Output) {
        let token = request.input["nextToken"].as_str();
        match (self, output) {
            (Self::EmptyPage {}, Output::Json(Value::Object(members))) => {
                let shape = request.operation.output.as_ref();
                let shape = shape.and_then(|output| request.service.shape(&output.shape));
                let is_list = |name: &str| {
                    let member = shape.and_then(|shape| shape.member(name));
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
