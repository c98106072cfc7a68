//! A search by meaning, in memory: `cargo run --example embeddings`. The local Bedrock's vectors are similar for texts that
//! share words; those of a real model also for texts that only mean the same.

use bedrock_orm::models::providers::CohereEmbedding;
use bedrock_orm::prelude::*;
use bedrock_orm_examples::{Bedrock, Result};

/// A model that embeds 96 texts in a request.
const MODEL: &str = "cohere.embed-v4:0";

const NOTES: [&str; 6] = [
    "A rollback of the payment service takes four minutes.",
    "Invoices are sent to customers on the first Monday of a month.",
    "The payment service was slow because its database had no index.",
    "New colleagues get a laptop and a badge on their first day.",
    "Backups of the database are kept for thirty days.",
    "The office kitchen is closed on Fridays.",
];

/// Texts with their vectors, which have the length one.
struct Index<'a> {
    texts: &'a [&'a str],
    vectors: Vec<Vec<f32>>,
}

impl Index<'_> {
    /// Returns the texts whose vectors are nearest, with their similarities, from -1 to 1.
    fn nearest(&self, vector: &[f32], count: usize) -> Vec<(f32, &str)> {
        let mut found: Vec<_> =
            self.vectors.iter().map(|other| dot(vector, other)).zip(self.texts.iter().copied()).collect();
        found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        found.truncate(count);
        found
    }
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn normalized(vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt();
    vector.into_iter().map(|number| number / length).collect()
}

#[tokio::main]
async fn main() -> Result {
    let bedrock = Bedrock::connect().await?;
    let model = FoundationModel::with_id(MODEL).using(bedrock.session());

    let documents = CohereEmbedding::documents().output_dimension(512);
    let embeddings = model.embed(&documents, NOTES).await?;
    println!(
        "{} notes, {} tokens, on {}",
        NOTES.len(),
        embeddings.input_tokens.unwrap_or_default(),
        bedrock.description()
    );
    let vectors = embeddings.vectors.into_iter().map(|vector| normalized(vector.float)).collect();
    let index = Index { texts: &NOTES, vectors };

    let questions = [
        "How many minutes does a rollback take?",
        "Why was the payment service slow?",
        "When are backups deleted?",
    ];
    let queries = CohereEmbedding::queries().output_dimension(512);
    let embeddings = model.embed(&queries, questions).await?;
    for (question, vector) in questions.iter().zip(embeddings.vectors) {
        println!("\n{question}");
        for (similarity, note) in index.nearest(&normalized(vector.float), 2) {
            println!("  {similarity:.2}  {note}");
        }
    }
    Ok(())
}
