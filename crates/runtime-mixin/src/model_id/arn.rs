//! The parts of an ARN of Bedrock.

/// The parts of `arn:aws:bedrock:REGION:ACCOUNT:KIND/NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// Empty if the ARN belongs to no region, or to any.
    pub(crate) region: &'a str,
    /// The type of the resource, such as `foundation-model`.
    pub(crate) kind: &'a str,
    /// The rest. It can contain slashes.
    pub(crate) name: &'a str,
}

impl<'a> Arn<'a> {
    /// Parses an ARN. `None` for an ID.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (region, resource) = (parts.nth(2)?, parts.nth(1)?);
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        Some(Self { region, kind, name })
    }

    /// Returns the ID of the foundation model that the ARN or ID names. An ID can be that of something else.
    pub(crate) fn model_id(text: &'a str) -> Option<&'a str> {
        match Self::parse(text) {
            Some(arn) => (arn.kind == "foundation-model").then_some(arn.name),
            None => Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn an_arn_has_a_region_a_kind_and_a_name() {
        let parts = |text| Arn::parse(text).map(|arn| (arn.region, arn.kind, arn.name));
        assert_eq!(
            parts("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
            Some(("us-east-1", "foundation-model", "amazon.nova-lite-v1:0"))
        );
        assert_eq!(
            parts("arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0"),
            Some(("", "foundation-model", "amazon.nova-2-lite-v1:0"))
        );
        let custom =
            "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/abcdefabcdef";
        assert_eq!(
            parts(custom),
            Some(("us-east-1", "custom-model", "amazon.nova-lite-v1:0:300k/abcdefabcdef"))
        );
        for text in ["", "arn:", "arn:aws:bedrock", "us.amazon.nova-lite-v1:0"] {
            assert_eq!(parts(text), None, "{text}");
        }
        assert_eq!(Arn::model_id(custom), None);
        assert_eq!(Arn::model_id("amazon.nova-lite-v1:0"), Some("amazon.nova-lite-v1:0"));
    }
}
