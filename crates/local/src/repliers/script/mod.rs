//! Scripts: replies by rules of the form `when … reply …`.

mod file;
mod rules;
mod when;

pub use rules::{RuleBuilder, Script};
pub use when::When;
