//! The local Bedrock, beside a server that returns fixed bytes.

use super::pairs::Pairs;
use super::programs::{blocks, cpu_of};
use super::sides::Bench;
use super::table::MICROSECONDS;
use super::table::Reach::AtMost;
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
        ("the local Bedrock, `Converse`: CPU of the server", "concurrent", 5000),
        ("the local Bedrock, an event: CPU of the server", "streams", 200),
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
    Ok(())
}
