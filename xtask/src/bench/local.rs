//! The local Bedrock, beside a server that returns fixed bytes, and beside moto.

use super::pairs::Pairs;
use super::programs::{blocks, cpu_of, output};
use super::sides::Bench;
use super::table::Reach::{AtLeast, AtMost};
use super::table::{MICROSECONDS, Row};
use crate::conformance;
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
    for (what, of, units) in [
        ("the local Bedrock, `Converse`: CPU of the server", "concurrent", 20_000),
        ("the local Bedrock, an event: CPU of the server", "streams", 4000),
    ] {
        let times = &units.to_string();
        let one = |server: &Server| -> Result<f64> {
            let before = cpu_of(server.process_id())?;
            let times = blocks(&mut bench.programs.command("talk", &["sdk", of, &server.url, times, "1"])?)?;
            let block = times.get("sdk").and_then(|blocks| blocks.first()).ok_or("no time of the calls")?;
            let units = if of == "streams" { block.read } else { units };
            Ok((cpu_of(server.process_id())? - before) / units as f64)
        };
        let mut pairs = Pairs::default();
        for _ in 0..2 * bench.turns {
            pairs.add(one(&local)?, one(&fixed)?);
        }
        bench.table.add(pairs.row(what, "a hyper server with fixed bytes", MICROSECONDS, AtMost(4.0)));
    }
    // moto has only `InvokeModel`: neither `Converse`, nor streams, nor foundation models.
    match moto(bench)? {
        Ok(moto) => bench.table.add(invocations(bench, &local, &moto)?),
        Err(why) => println!("moto is left out: {why}"),
    }
    Ok(())
}

/// Starts moto, or returns the reason why it cannot be had.
fn moto(bench: &Bench<'_>) -> Result<std::result::Result<Server, String>> {
    let sources = bench.root.join("crates/bedrock-orm/benches/servers");
    let script = sources.join("moto_server.py").display().to_string();
    match conformance::python(&sources, &bench.target.join("bench/moto"))? {
        Ok(python) => Ok(Ok(Server::start(&python, &[&script])?)),
        Err(why) => Ok(Err(why)),
    }
}

/// Measures `InvokeModel` of both servers by boto3, whose own time does not count.
fn invocations(bench: &Bench<'_>, local: &Server, moto: &Server) -> Result<Row> {
    const CALLS: u64 = 500;
    let one = |server: &Server| -> Result<f64> {
        let before = cpu_of(server.process_id())?;
        let command = bench.clients.command("boto3", "invoke", &server.url, CALLS);
        output(&mut command.ok_or("boto3 is missing")?)?;
        // boto3 sends three more calls before it measures.
        Ok((cpu_of(server.process_id())? - before) / (CALLS + 3) as f64)
    };
    let mut pairs = Pairs::default();
    for _ in 0..bench.turns {
        pairs.add(one(local)?, one(moto)?);
    }
    Ok(pairs.row("the local Bedrock, `InvokeModel`: CPU of the server", "moto", MICROSECONDS, AtLeast(1.0)))
}
