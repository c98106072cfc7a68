//! Records the tokens of calls by tenant and feature, and prices them: `cargo run --example cost_by_tenant`.

use bedrock_orm::prelude::*;
use bedrock_orm::{Price, Prices};
use bedrock_orm_examples::{Bedrock, Result};

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let session = bedrock.session();
    let ledger = session.ledger();

    // What the tenants do.
    for (tenant, questions) in [("acme", 3), ("globex", 1)] {
        let session = session.tagged("tenant", tenant);
        let lite = FoundationModel::with_id("amazon.nova-lite-v1:0").using(&session);
        for number in 1..=questions {
            lite.converse(format!("Where is parcel {number} of {tenant}?")).tag("feature", "support").await?;
        }
        let pro = FoundationModel::with_id("amazon.nova-pro-v1:0").using(&session);
        let report = pro.converse_stream(format!("Write a report about the parcels of {tenant}."));
        report.tag("feature", "reports").await?.collect().await?;
    }

    // Examples of prices for a million tokens: take yours from AWS's page.
    let prices = Prices::new("USD")
        .model("amazon.nova-lite-v1:0", Price::new("0.06", "0.24")?.cache_read("0.015")?)
        .model("amazon.nova-pro-v1:0", Price::new("0.80", "3.20")?.cache_read("0.20")?);

    println!("{:<10} {:<10} {:>6} {:>8} {:>8}  cost", "tenant", "feature", "calls", "input", "output");
    for (tenant, of_tenant) in ledger.by("tenant") {
        let tenant = tenant.unwrap_or_default();
        for (feature, calls) in of_tenant.by("feature") {
            let usage = calls.total();
            println!(
                "{tenant:<10} {:<10} {:>6} {:>8} {:>8}  {}",
                feature.unwrap_or_default(),
                calls.calls(),
                usage.input_tokens(),
                usage.output_tokens,
                calls.cost(&prices)?.rounded(6),
            );
        }
    }
    let total = ledger.take();
    println!("total: {} tokens, {}", total.total().total_tokens(), total.cost(&prices)?.rounded(6));
    Ok(())
}
