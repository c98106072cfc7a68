//! Lists and details through the ORM and through the raw SDK, for `cargo xtask bench`.
//!
//! `list <sides> <models|pages|work|full> <url> <times> <blocks>` prints the times of blocks of `times` of them through each of
//! the sides in turns: a list of 100 models, all 100 pages of 100 guardrails, the same with 20 ms of work for each page, or the
//! details of `times` guardrails. `sides` is a list, such as `orm,sdk`.

#![allow(clippy::unwrap_used, clippy::panic)] // an internal program

mod support;

use std::time::Duration;

use aws_sdk_bedrock::Client;
use bedrock_orm::prelude::*;
use support::{arguments, config, in_turns};

/// What a program does with a page before it takes the next.
const WORK: Duration = Duration::from_millis(20);

/// The number of guardrails on a page.
const PAGE: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = arguments();
    let [sides, what, url, times, blocks] = arguments.as_slice() else {
        panic!("list <sides> <models|pages|work|full> <url> <times> <blocks>")
    };
    let (times, blocks): (usize, usize) = (times.parse().unwrap(), blocks.parse().unwrap());
    let sides: Vec<_> = sides.split(',').map(|name| (name, Listing::new(name, url))).collect();
    for (_, side) in &sides {
        side.block("models", 1).await;
    }
    in_turns(&sides, blocks, async |side| side.block(what, times).await).await;
}

/// The client of a side.
enum Listing {
    Orm(Orm),
    Sdk(Sdk),
}

impl Listing {
    fn new(name: &str, url: &str) -> Self {
        match name {
            "orm" => Self::Orm(Orm(Session::from_sdk_config(&config(url, 1)).unwrap())),
            "sdk" => Self::Sdk(Sdk(Client::new(&config(url, 1)))),
            _ => panic!("no such side: {name}"),
        }
    }

    async fn block(&self, what: &str, times: usize) -> usize {
        match self {
            Self::Orm(side) => block(side, what, times).await,
            Self::Sdk(side) => block(side, what, times).await,
        }
    }
}

/// A client. Each method returns the number of rows that it read.
trait Side {
    async fn models(&self) -> usize;
    async fn pages(&self) -> usize;
    async fn work(&self) -> usize;
    async fn full(&self, rows: usize) -> usize;
}

/// Does something this many times, and returns the number of rows that were read.
async fn block(side: &impl Side, what: &str, times: usize) -> usize {
    if what == "full" {
        return side.full(times).await;
    }
    let mut read = 0;
    for _ in 0..times {
        read += match what {
            "models" => side.models().await,
            "pages" => side.pages().await,
            "work" => side.work().await,
            _ => panic!("no such measurement: {what}"),
        };
    }
    read
}

struct Sdk(Client);

impl Side for Sdk {
    async fn models(&self) -> usize {
        let listed = self.0.list_foundation_models().send().await.unwrap();
        listed.model_summaries().iter().filter(|row| !row.model_id().is_empty()).count()
    }

    async fn pages(&self) -> usize {
        let mut rows = self.0.list_guardrails().into_paginator().items().send();
        let mut read = 0;
        while let Some(row) = rows.next().await {
            read += usize::from(!row.unwrap().id().is_empty());
        }
        read
    }

    async fn work(&self) -> usize {
        let mut pages = self.0.list_guardrails().into_paginator().send();
        let mut read = 0;
        while let Some(page) = pages.next().await {
            read += page.unwrap().guardrails().len();
            tokio::time::sleep(WORK).await;
        }
        read
    }

    async fn full(&self, rows: usize) -> usize {
        let mut listed = self.0.list_guardrails().into_paginator().items().send();
        let mut read = 0;
        while read < rows {
            let row = listed.next().await.unwrap().unwrap();
            let guardrail = self.0.get_guardrail().guardrail_identifier(row.id()).send().await.unwrap();
            read += usize::from(!guardrail.name().is_empty());
        }
        read
    }
}

struct Orm(Session);

impl Side for Orm {
    async fn models(&self) -> usize {
        let listed = FoundationModel::objects().using(&self.0).list().await.unwrap();
        listed.iter().filter(|row| !row.model_id.is_empty()).count()
    }

    async fn pages(&self) -> usize {
        let mut rows = Guardrail::objects().using(&self.0).list().stream();
        let mut read = 0;
        while let Some(row) = rows.next().await {
            read += usize::from(!row.unwrap().id.is_empty());
        }
        read
    }

    async fn work(&self) -> usize {
        let mut rows = Guardrail::objects().using(&self.0).list().stream();
        let mut read = 0;
        while let Some(row) = rows.next().await {
            row.unwrap();
            read += 1;
            if read % PAGE == 0 {
                tokio::time::sleep(WORK).await;
            }
        }
        read
    }

    async fn full(&self, rows: usize) -> usize {
        let guardrails = Guardrail::objects().using(&self.0).list().limit(rows).full().await.unwrap();
        guardrails.iter().filter(|guardrail| !guardrail.name.is_empty()).count()
    }
}
