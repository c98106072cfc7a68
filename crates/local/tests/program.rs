//! The program: its first line, and how it stops.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

fn start(arguments: &[&str]) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bedrock-local"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (program, line)
}

#[test]
fn the_first_line_tells_where_it_listens_and_signals_stop_it() {
    for signal in ["-INT", "-TERM"] {
        let (mut program, line) = start(&["--port", "0"]);
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        let response = {
            use std::io::Write as _;
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            stream
                .write_all(b"GET /foundation-models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut response = String::new();
            stream.read_to_string(&mut response).unwrap();
            response
        };
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(Command::new("kill").args([signal, &program.id().to_string()]).status().unwrap().success());
        assert!(program.wait().unwrap().success(), "{signal}");
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}

#[test]
fn replies_that_cannot_be_given_are_told_at_the_start() {
    let folder = std::env::temp_dir().join(format!("bedrock-local-program-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = "[[rules]]\nreply = \"Hi\"\n";
    let script =
        write("script.toml", &format!("{good}\n[[rules]]\nwhen = {{ txt = \"x\" }}\nreply = \"\"\n"));
    let regex = write("regex.json", r#"{"rules": [{"reply": "a"}, {"when": {"regex": "("}, "reply": "b"}]}"#);
    let playback = write("exchanges.jsonl", "\n{}\n");
    for (arguments, told) in [
        (vec!["--script", &script], "line 5"),
        (vec!["--script", &regex], "rule 2: the regular expression \"(\" cannot be used"),
        (vec!["--script", "nowhere.toml"], "nowhere.toml: No such file"),
        (vec!["--playback", &playback], "line 2: missing field `request`"),
        (vec!["--playback-only"], "--playback <FILE.jsonl>"),
        (vec!["--upstream", "https://api.example.com/v1"], "only plain http:// is spoken to it"),
        (vec!["--upstream", "http://127.0.0.1:1/v1", "--upstream-model", "x"], "write it as PATTERN=MODEL"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(&arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(told), "{arguments:?}: {error}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_taken_port_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(["--port", &port]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&format!("127.0.0.1:{port}")), "{told}");
}

#[test]
fn it_is_not_open_to_the_network_unless_it_is_told_to_be() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(["--host", "0.0.0.0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("--open-to-network"));
    let (mut program, line) = start(&["--host", "0.0.0.0", "--open-to-network", "--max-connections", "3"]);
    assert!(line.starts_with("listening on http://0.0.0.0:"), "{line}");
    program.kill().unwrap();
    program.wait().unwrap();
}

/// The program that people run is a release build, which needs about half of both.
#[cfg(target_os = "linux")]
#[test]
fn it_starts_at_once_and_idles_lightly() {
    use std::time::{Duration, Instant};

    let starts = (0..5).map(|_| {
        let before = Instant::now();
        let (mut program, _) = start(&[]);
        let took = before.elapsed();
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
        program.kill().unwrap();
        program.wait().unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        (took, resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap())
    });
    // The quickest of some: others may be at work on this machine.
    let (took, resident) = starts.min().unwrap();
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert!(resident < 20 << 10, "{resident} KiB");
}
