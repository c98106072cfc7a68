//! The local Bedrock, beside a server that returns fixed bytes.

use std::fs;
use std::path::Path;

use super::programs::measured;
use super::sides::{Bench, Lowest, MICROSECONDS};
use super::table::Reach::AtMost;
use super::table::Row;
use crate::process::cargo;
use crate::result::Result;
use crate::server::Server;

pub(super) fn measure(bench: &mut Bench<'_>) -> Result {
    cargo(
        bench.root,
        &["build", "--release", "--quiet", "-p", "bedrock-orm-local", "--bin", "bedrock-local"],
    )?;
    let local = bench.target.join("release/bedrock-local");
    let local = Server::start(&local, &["--port", "0", "--stream-pace", "0"])?;
    let fixed = Server::start(bench.programs.path("static_server")?, &[])?;
    for (what, of, times) in [
        ("the local Bedrock, `Converse`: CPU of the server", "concurrent", "5000"),
        ("the local Bedrock, an event: CPU of the server", "streams", "200"),
    ] {
        let one = |server: &Server| -> Result<f64> {
            let before = cpu_ns(server)?;
            let units = match of {
                "streams" => {
                    measured(&mut bench.programs.command("talk", &["sdk", of, &server.url, times])?)?.read
                }
                _ => {
                    measured(&mut bench.programs.command("talk", &["sdk", of, &server.url, times])?)?;
                    times.parse()?
                }
            };
            Ok((cpu_ns(server)? - before) / units as f64)
        };
        let (mut ours, mut theirs) = (Lowest::default(), Lowest::default());
        for _ in 0..bench.turns {
            ours.add(one(&local)?);
            theirs.add(one(&fixed)?);
        }
        bench.table.add(Row {
            what,
            against: "a hyper server with fixed bytes",
            unit: MICROSECONDS.name,
            ours: ours.lowest / MICROSECONDS.nanoseconds,
            theirs: theirs.lowest / MICROSECONDS.nanoseconds,
            result: ours.lowest / theirs.lowest,
            reach: AtMost(4.0),
            spread: Some((ours.spread(), theirs.spread())),
        });
    }
    Ok(())
}

/// The CPU time of a server, as Linux counts it in hundredths of a second.
fn cpu_ns(server: &Server) -> Result<f64> {
    let stat = fs::read_to_string(Path::new("/proc").join(server.process_id().to_string()).join("stat"))?;
    // The name of the program, which is in brackets, can contain spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("no CPU time in /proc")?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 * 1e7)
}
