#[derive(Debug, Default)]
pub(crate) struct AsyncInvokes;
