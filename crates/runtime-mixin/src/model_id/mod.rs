//! Which model an ID or ARN leads to, what to call to reach a model, and how long the model exists. Only AWS's control
//! plane knows: an ID says nothing about itself.

#[cfg(feature = "control-plane")]
mod arn;
#[cfg(feature = "control-plane")]
mod cells;
pub(crate) mod end_of_life;
#[cfg(feature = "control-plane")]
pub(crate) mod explain;
#[cfg(feature = "control-plane")]
pub(crate) mod in_use;
#[cfg(feature = "control-plane")]
pub(crate) mod invocable;
#[cfg(feature = "control-plane")]
pub(crate) mod resolved;
#[cfg(feature = "control-plane")]
pub(crate) mod resolver;
