//! `cargo xtask features`: every feature compiles alone, and the crate without any.

use std::path::Path;

use crate::process::cargo;
use crate::result::Result;

/// The crates whose features are checked. All others only pass theirs on. The features of providers are in `models`, which
/// compiles without an SDK.
const CRATES: [&str; 2] = ["models", "runtime-mixin"];

/// `is_quick` leaves out the features of one provider each, which take minutes.
pub(crate) fn run(root: &Path, is_quick: bool) -> Result {
    for folder in CRATES {
        let manifest = root.join("crates").join(folder).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest)?.parse()?;
        let features = manifest["features"].as_table().ok_or("the crate has no features")?;
        let package = format!("bedrock-orm-{folder}");
        check(root, &package, "")?;
        let is_left_out = |feature: &str| {
            feature == "default"
                || is_quick && folder == "models" && !feature.starts_with("sdk-") && feature != "providers"
        };
        let checked: Vec<&str> =
            features.keys().map(String::as_str).filter(|feature| !is_left_out(feature)).collect();
        for feature in &checked {
            check(root, &package, feature)?;
        }
        println!("{package}: none, and {} alone", checked.join(", "));
    }
    check(root, "bedrock-orm", "otel")?;
    cargo(root, &["check", "--quiet", "-p", "bedrock-orm", "--all-features"])
}

fn check(root: &Path, package: &str, feature: &str) -> Result {
    cargo(root, &["check", "--quiet", "-p", package, "--no-default-features", "--features", feature])
}
