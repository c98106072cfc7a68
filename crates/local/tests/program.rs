//! The program: its first line of output, and its shutdown.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Kills the program when the test ends, however it ends.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> (Program, String) {
    let (program, [line]) = lines(arguments);
    (program, line)
}

/// Starts the program and returns the first lines of its output.
fn lines<const N: usize>(arguments: &[&str]) -> (Program, [String; N]) {
    let program = Command::new(env!("CARGO_BIN_EXE_bedrock-local"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut program = Program(program.unwrap());
    let mut output = BufReader::new(program.0.stdout.take().unwrap());
    let lines = std::array::from_fn(|_| {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    });
    (program, lines)
}

/// Returns the status and the rest of the response to a GET request.
fn get(address: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn the_first_line_has_the_address_and_signals_stop_the_program() {
    for signal in ["-INT", "-TERM"] {
        let (mut program, line) = start(&["--port", "0"]);
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        let response = get(&address, "/foundation-models", "Host: localhost\r\n");
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(Command::new("kill").args([signal, &program.0.id().to_string()]).status().unwrap().success());
        assert!(program.0.wait().unwrap().success(), "{signal}");
        assert!(TcpStream::connect(&address).is_err());
    }
}

#[test]
fn the_url_of_the_admin_page_is_printed_with_its_token() {
    let (_program, [listening, page]) = lines(&["--access-key", "AKID:secret", "--allow-host", "bedrock"]);
    let url = listening.trim_end().strip_prefix("listening on ").unwrap();
    let prefix = format!("admin page: {url}/_local/#token=");
    let token = page.trim_end().strip_prefix(&prefix).unwrap_or_else(|| panic!("{page}")).to_owned();
    let address = url.strip_prefix("http://").unwrap();
    let health = |headers: &str| get(address, "/_local/health", headers);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(health(&format!("Host: bedrock\r\n{bearer}")).starts_with("HTTP/1.1 200 "));
    assert!(health("Host: bedrock\r\n").starts_with("HTTP/1.1 401 "));
    assert!(health(&format!("Host: other\r\n{bearer}")).starts_with("HTTP/1.1 403 "));
}

/// A token from the command line is not printed.
#[test]
fn an_admin_token_can_be_set() {
    let (_program, line) = start(&["--admin-token", "mine"]);
    let address = line.trim_end().strip_prefix("listening on http://").unwrap();
    assert!(get(address, "/_local/health", "Authorization: Bearer mine\r\n").starts_with("HTTP/1.1 200 "));
    assert!(get(address, "/_local/health", "").starts_with("HTTP/1.1 401 "));
}

#[test]
fn models_can_be_declared_and_retired_models_kept() {
    let listed = |arguments: &[&str]| {
        let (_program, line) = start(arguments);
        let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
        get(&address, "/foundation-models", "Host: localhost\r\n")
    };
    let (declared, retired) = ("amazon.nova-next-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0");
    let default_models = listed(&[]);
    assert!(!default_models.contains(declared) && !default_models.contains(retired));
    let models = listed(&["--model", &format!("{declared}=amazon.nova-lite-v1:0"), "--keep-retired-models"]);
    assert!(models.contains(declared) && models.contains(retired));
}

/// As many silent connections as may be open at once.
#[test]
fn silent_connections_do_not_block_others() {
    let (_program, line) = start(&[]);
    let address = line.trim_end().strip_prefix("listening on http://").unwrap();
    let silent: Vec<_> = (0..512).map(|_| TcpStream::connect(address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(1100));
    for _ in 0..5 {
        let response = get(address, "/guardrails", "Host: localhost\r\n");
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    drop(silent);
}

#[test]
fn invalid_reply_options_are_errors_at_the_start() {
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
    for (arguments, expected_message) in [
        (vec!["--script", &script], "line 5"),
        (vec!["--script", &regex], "rule 2: the regular expression \"(\" is invalid"),
        (vec!["--script", "nowhere.toml"], "nowhere.toml: No such file"),
        (vec!["--playback", &playback], "line 2: missing field `request`"),
        (vec!["--playback-only"], "--playback <FILE.jsonl>"),
        (vec!["--upstream", "https://api.example.com/v1"], "https:// is not supported"),
        (vec!["--upstream", "http://127.0.0.1:1/v1", "--upstream-model", "x"], "write it as PATTERN=MODEL"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(&arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(expected_message), "{arguments:?}: {error}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(["--port", &port]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
}

#[test]
fn the_program_listens_on_the_network_only_if_allowed() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_bedrock-local")).args(["--host", "0.0.0.0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("--open-to-network"));
    let (_program, line) = start(&["--host", "0.0.0.0", "--open-to-network", "--max-connections", "3"]);
    assert!(line.starts_with("listening on http://0.0.0.0:"), "{line}");
}

/// The budget applies to release builds, which need about half of both.
#[cfg(target_os = "linux")]
#[test]
fn the_program_starts_quickly_and_uses_little_memory() {
    use std::time::Instant;

    let starts = (0..5).map(|_| {
        let before = Instant::now();
        let (program, _) = start(&[]);
        let took = before.elapsed();
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.0.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        (took, resident.trim().trim_end_matches(" kB").parse::<u64>().unwrap())
    });
    // The fastest of several runs, because other processes may use the machine.
    let (took, resident) = starts.min().unwrap();
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert!(resident < 20 << 10, "{resident} KiB");
}
