//! AWS's JSON form. What serde's derives do not produce is written here, and what all types of a kind share is written
//! once: derived code for each of 450 structs would double the time that this crate takes to compile.

mod enums;
mod structs;
mod unions;

pub(crate) use enums::wire_enum;
pub use structs::{MemberWriter, Members, Shortest, finite, null_as_empty, read, read_value, wire_struct};
pub(crate) use unions::{Member, Union, read_member, read_union, wire_union};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        CacheTtl, ContentBlock, InferenceConfiguration, Message, StopReason, ToolResultContentBlock,
        ToolUseBlock,
    };

    #[test]
    fn a_struct_is_an_object_with_its_required_members() {
        let tool = |wire: &str| serde_json::from_str::<ToolUseBlock>(wire).map_err(|error| error.to_string());
        let whole = r#"{"toolUseId": "a", "futureMember": [{}], "name": "b", "input": {}, "type": null}"#;
        assert_eq!(tool(whole).unwrap(), ToolUseBlock::new("a", "b", json!({})));
        let error = |wire| tool(wire).unwrap_err();
        assert!(error(r#"{"toolUseId": "a", "input": {}}"#).starts_with("missing field `name`"));
        assert!(error(r#"{"name": "a", "name": "b"}"#).starts_with("duplicate field `name`"));
        assert!(error(r#"{"name": null}"#).starts_with("invalid type: null, expected a string"));
        assert!(
            error(r#"["a", "b", {}]"#).starts_with("invalid type: sequence, expected struct ToolUseBlock")
        );
    }

    #[test]
    fn a_required_list_can_be_missing_or_null() {
        for wire in [json!({"role": "user"}), json!({"role": "user", "content": null})] {
            let message: Message = serde_json::from_value(wire).unwrap();
            assert_eq!(message.content, []);
        }
    }

    #[test]
    fn an_enum_keeps_a_value_that_it_does_not_know() {
        let reason: StopReason = serde_json::from_value(json!("bored")).unwrap();
        assert_eq!(reason, StopReason::Unknown("bored".to_owned()));
        assert_eq!(reason, "bored");
        assert_eq!(serde_json::to_value(&reason).unwrap(), json!("bored"));
        assert_eq!(CacheTtl::FiveMinutes.as_str(), "5m");
    }

    #[test]
    fn a_union_keeps_a_member_that_it_does_not_know() {
        let wire = json!({"hologram": {"depth": 3}});
        let block: ContentBlock = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(block, ContentBlock::Unknown(wire.clone()));
        assert_eq!(serde_json::to_value(&block).unwrap(), wire);
    }

    #[test]
    fn a_union_with_a_bad_member_is_an_error_and_not_an_unknown() {
        let error = serde_json::from_value::<ContentBlock>(json!({"toolUse": {"name": "t"}})).unwrap_err();
        assert!(error.to_string().contains("toolUseId"), "{error}");
        let error = serde_json::from_value::<ContentBlock>(
            json!({"text": "a", "image": {"format": "png", "source": {"bytes": ""}}}),
        );
        assert!(error.unwrap_err().to_string().contains("more than one member"));
    }

    #[test]
    fn nulls_beside_the_member_do_not_count() {
        let block: ToolResultContentBlock =
            serde_json::from_value(json!({"text": "40", "json": null})).unwrap();
        assert_eq!(block, ToolResultContentBlock::Text("40".to_owned()));
        let block: ToolResultContentBlock = serde_json::from_value(json!({"json": null})).unwrap();
        assert_eq!(block, ToolResultContentBlock::Json(json!(null)));
    }

    #[test]
    fn a_number_that_is_too_large_is_an_error() {
        for number in [json!(1e300), json!(-1e39)] {
            let wire = json!({ "temperature": number });
            assert!(serde_json::from_str::<InferenceConfiguration>(&wire.to_string()).is_err());
            let error = serde_json::from_value::<InferenceConfiguration>(wire).unwrap_err();
            assert!(error.to_string().contains("too large"), "{error}");
        }
        let largest: InferenceConfiguration = serde_json::from_value(json!({"temperature": 3.4e38})).unwrap();
        assert_eq!(largest.temperature, Some(3.4e38));
    }

    #[test]
    fn a_temperature_keeps_its_decimals() {
        let inference = InferenceConfiguration::default().temperature(0.7).top_p(0.9).max_tokens(64);
        assert_eq!(
            serde_json::to_value(&inference).unwrap(),
            json!({"temperature": 0.7, "topP": 0.9, "maxTokens": 64})
        );
    }
}
