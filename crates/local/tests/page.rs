//! The admin page at `/_local/` in headless Chromium, controlled over WebDriver. The tests are skipped if Chromium or
//! the driver is missing.
//!
//! `LOCAL_PAGE_PICTURE=docs/images/local-page.png cargo test -p bedrock-orm-local --test page` takes the screenshot.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bedrock_orm_local::{At, Fault, LocalBedrock, Reply};
use bytes::Bytes;
use common::{MODEL, NOVA, converse, converse_stream, get, user};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// A browser with one page. Dropping it closes the browser.
struct Browser {
    driver: Child,
    /// The URL of the WebDriver session.
    process: Option<u64>,
    session: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failed test, the driver would otherwise leave its browser open.
        if let Some(process) = self.process {
            let _ = Command::new("kill").arg(process.to_string()).status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// Opens a browser, or returns `None` if no browser can be started.
    async fn open(url: &str) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut driver) = command.spawn() else { return None };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // The driver's other output is read so that the driver never blocks.
        std::thread::spawn(move || lines.for_each(drop));
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut browser = Self { driver, process: None, session: String::new(), client };
        let server = format!("http://127.0.0.1:{}/session", port.unwrap());
        // The sandbox needs permissions that containers lack. The page is our own.
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1180,1180"];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments }, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = browser.send("POST", &server, wanted).await;
        browser.process = session["capabilities"]["goog:processID"].as_u64();
        browser.session = format!("{server}/{}", session["sessionId"].as_str().unwrap());
        browser.post("url", json!({ "url": url })).await;
        Some(browser)
    }

    async fn send(&self, method: &str, url: &str, body: Value) -> Value {
        let body = if method == "POST" { body.to_string().into() } else { Bytes::new() };
        let request = Request::builder().method(method).uri(url).body(Full::new(body)).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status();
        let result: Value =
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert!(status.is_success(), "{url}: {result}");
        result["value"].clone()
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        self.send("POST", &format!("{}/{command}", self.session), body).await
    }

    /// Returns the value of a JavaScript expression.
    async fn evaluate(&self, expression: &str) -> Value {
        self.post("execute/sync", json!({ "script": format!("return {expression}"), "args": [] })).await
    }

    async fn text(&self, selector: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector('{selector}')?.innerText ?? ''")).await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until an expression is true.
    async fn wait(&self, expression: &str) {
        let started = Instant::now();
        while self.evaluate(expression).await != Value::Bool(true) {
            assert!(started.elapsed() < Duration::from_secs(10), "{expression}: {}", self.text("body").await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn element(&self, selector: &str) -> String {
        let found = self.post("element", json!({ "using": "css selector", "value": selector })).await;
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks an element as a user does. A hidden or covered element does not receive the click.
    async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/click"), json!({})).await;
    }

    async fn type_text(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.post(&format!("element/{element}/clear"), json!({})).await;
        self.post(&format!("element/{element}/value"), json!({ "text": text })).await;
    }

    async fn select(&self, select: &str, option: &str) {
        self.click(&format!("{select} option[value={option}]")).await;
    }

    async fn close(mut self) {
        self.send("DELETE", &self.session, Value::Null).await;
        self.process = None;
    }

    async fn set_color_scheme(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let body = json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.post("goog/cdp/execute", body).await;
    }
}

/// Finds texts whose contrast with their background is too low.
const LOW_CONTRAST: &str = r"(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const channels = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = (colour) => {
        const [r, g, b] = channels(colour).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return channels(colour)[3] > 0 || !element.parentElement ? colour : behind(element.parentElement);
    };
    const weak = [];
    for (const element of document.querySelectorAll('body *')) {
        const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!says || !element.checkVisibility()) continue;
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(element.outerHTML.slice(0, 80));
    }
    return weak;
})()";

/// Finds elements that are wider than the window.
const TOO_WIDE: &str = "[...document.querySelectorAll('body *')].filter((element) => \
    element.checkVisibility() && element.getBoundingClientRect().right > document.documentElement.clientWidth) \
    .map((element) => element.outerHTML.slice(0, 120))";

/// Finds controls without an accessible name.
const UNNAMED_CONTROLS: &str = "[...document.querySelectorAll('button, input, select')].filter((control) => \
    !control.labels?.length && !control.ariaLabel && !control.textContent.trim()).map((control) => control.outerHTML)";

const EVIL: &str = "<img src=x onerror=alert(1)> Hello";

async fn traffic(local: &LocalBedrock) {
    get(local, "/foundation-models?byProvider=anthropic").await.ok();
    converse(local, MODEL, json!({ "messages": [user(EVIL)] })).await.ok();
    let tool = json!({ "toolSpec": { "name": "get_weather", "inputSchema": { "json": {
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } } });
    let body =
        json!({ "messages": [user("What is the weather in Paris?")], "toolConfig": { "tools": [tool] } });
    converse_stream(local, NOVA, body).await.frames();
}

fn report_skipped() {
    eprintln!("SKIPPED: there is no chromedriver on this machine (Debian: apt-get install chromium-driver)");
}

/// A path may be invalid UTF-8, and a request may have no model.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_any_path() {
    let local = LocalBedrock::start().await.unwrap();
    for path in ["/model/%ff/converse", "/%ff", "/model/a%2Fb/nope", "/model/%"] {
        get(&local, path).await;
    }
    let Some(browser) = Browser::open(&local.admin_url()).await else { return report_skipped() };
    browser.wait("document.querySelectorAll('#list li').length === 4").await;
    let list = browser.text("#list").await;
    for path in ["· %ff", "GET /%ff", "· a/b", "· %"] {
        assert!(list.contains(path), "{path}: {list}");
    }
    // Requests after them are shown too.
    get(&local, "/guardrails").await.ok();
    browser.wait("document.querySelectorAll('#list li').length === 5").await;
    browser.click("[data-id='1']").await;
    assert!(browser.text("#shown").await.contains("GET /model/%ff/converse"));
    browser.close().await;
}

/// What a page of another site can do to the server under the browser's rules.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_cannot_use_the_server() {
    let (local, elsewhere) = (LocalBedrock::start().await.unwrap(), LocalBedrock::start().await.unwrap());
    // A response without the page's content security policy, which would block requests to other sites.
    let Some(browser) = Browser::open(&format!("{}/nope", elsewhere.url())).await else {
        return report_skipped();
    };
    let converse = format!("{}/model/{MODEL}/converse", local.url());
    let sent = async |options: Value| {
        let ask =
            format!("fetch('{converse}', {options}).then((answer) => answer.type, (error) => error.name)");
        browser.evaluate(&ask).await
    };
    let body = json!({ "messages": [user("Hi")] }).to_string();
    // The browser sends a simple request, but the server refuses it. Before any other request, the browser sends a
    // preflight request, which fails.
    assert_eq!(sent(json!({ "method": "POST", "mode": "no-cors", "body": body })).await, "opaque");
    assert_eq!(sent(json!({ "method": "POST", "body": body })).await, "TypeError");
    let headers = json!({ "content-type": "application/json" });
    assert_eq!(sent(json!({ "method": "POST", "headers": headers, "body": body })).await, "TypeError");
    assert_eq!(sent(json!({ "mode": "no-cors" })).await, "opaque");
    let requests = local.requests();
    let seen: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.status)).collect();
    assert_eq!(seen, [("POST", 403), ("POST", 403), ("OPTIONS", 403), ("GET", 403)]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_sends_the_admin_token() {
    let local = LocalBedrock::builder().access_key("AKID", "secret").start().await.unwrap();
    get(&local, "/guardrails").await;
    let page = format!("{}/_local/", local.url());
    let Some(browser) = Browser::open(&page).await else { return report_skipped() };
    browser.wait("document.querySelector('#state').innerText.includes('admin token')").await;
    assert_eq!(browser.evaluate("document.querySelectorAll('#list li').length").await, 0);
    browser.post("url", json!({ "url": local.admin_url() })).await;
    browser.wait("document.querySelectorAll('#list li').length === 1").await;
    assert_eq!(browser.evaluate("location.href").await, page, "the token is removed from the address");
    browser.post("refresh", json!({})).await;
    browser.wait("document.querySelectorAll('#list li').length === 1").await;
    browser.click("#clear").await;
    browser.wait("document.querySelectorAll('#list li').length === 0").await;
    assert!(local.requests().is_empty());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_requests_responses_and_faults() {
    let local = LocalBedrock::start().await.unwrap();
    traffic(&local).await;
    let Some(browser) = Browser::open(&format!("{}/_local/", local.url())).await else {
        return report_skipped();
    };
    let rows = |count: usize| format!("document.querySelectorAll('#list li').length === {count}");

    // Requests, newest first, and their details.
    browser.wait(&rows(3)).await;
    let list = browser.text("#list").await;
    let order = ["#3", "ConverseStream", "200", NOVA, "#2", MODEL, "#1", "ListFoundationModels"];
    let places: Vec<_> =
        order.iter().map(|path| list.find(path).unwrap_or_else(|| panic!("{path}: {list}"))).collect();
    assert!(places.is_sorted(), "{list}");
    browser.click("[data-id='2']").await;
    let shown = browser.text("#shown").await;
    assert!(shown.contains(EVIL) && shown.contains("\"stopReason\": \"end_turn\""), "{shown}");
    assert_eq!(
        browser.evaluate("document.images.length").await,
        0,
        "data from requests is only shown as text"
    );

    // A stream with its events.
    browser.click("[data-id='3']").await;
    let events = browser
        .evaluate("[...document.querySelectorAll('.events li')].map((event) => event.children[1].innerText)")
        .await;
    let sent: Vec<_> = local
        .last("ConverseStream")
        .unwrap()
        .response
        .events()
        .iter()
        .map(|event| match event {
            bedrock_orm_local::RecordedEvent::Event { name, .. } => name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(events, json!(sent));
    assert!(browser.text(".events").await.contains("get_weather"));

    // Enable a fault, see its effect, and remove it.
    browser.select("#kind", "exception").await;
    browser.type_text("#settings [name=message]", "Slow down.").await;
    browser.type_text("#operation", "ConverseStream").await;
    browser.type_text("#times", "1").await;
    browser.click("#plan button").await;
    browser.wait("document.querySelectorAll('#planned li').length === 1").await;
    let expected =
        Fault::exception("throttlingException", 1).message("Slow down.").on("ConverseStream").times(1);
    assert_eq!(local.faults()[0].fault, expected);
    converse_stream(&local, NOVA, json!({ "messages": [user("Hello")] })).await.frames();
    browser.wait(&rows(4)).await;
    browser.click("[data-id='4']").await;
    let events = browser.text(".events").await;
    assert!(events.contains("throttlingException") && events.contains("Slow down."), "{events}");
    browser.wait("document.querySelector('#planned').innerText.includes('applied to 1 of 1')").await;
    browser.click("#planned button").await;
    browser.wait("document.querySelectorAll('#planned li').length === 0").await;
    assert!(local.faults().is_empty());

    // Every kind of fault can be enabled with the form's default values.
    let kinds =
        browser.evaluate("[...document.querySelectorAll('#kind option')].map((kind) => kind.value)").await;
    browser.type_text("#operation", "").await;
    // Except the fault that would refuse the page's own connections.
    for kind in kinds.as_array().unwrap().iter().filter(|kind| *kind != "refuse_connections") {
        browser.select("#kind", kind.as_str().unwrap()).await;
        browser.click("#plan button").await;
        browser.wait("document.querySelectorAll('#planned li').length === 1").await;
        assert_eq!(browser.text("#error").await, "");
        browser.click("#planned button").await;
        browser.wait("document.querySelectorAll('#planned li').length === 0").await;
    }
    browser.select("#kind", "reset").await;
    browser.select("#settings [name=at]", "in_event").await;
    browser.type_text("#settings [name=count]", "2").await;
    browser.click("#plan button").await;
    browser.wait("document.querySelectorAll('#planned li').length === 1").await;
    assert_eq!(local.faults()[0].fault, Fault::reset(At::InEvent(2)).times(1));
    browser.type_text("#operation", "Convers").await;
    browser.click("#plan button").await;
    browser.wait("document.querySelector('#error').innerText === 'there is no operation Convers'").await;

    // The page shows no more requests than the journal keeps.
    browser.click("#clear").await;
    browser.wait(&rows(0)).await;
    assert!(local.requests().is_empty());
    assert_eq!(browser.text("#shown").await, "");
    browser.click("#reset").await;
    browser.wait("document.querySelectorAll('#planned li').length === 0").await;

    // For the screenshot, and to check legibility.
    browser.type_text("#operation", "").await;
    browser.select("#kind", "error").await;
    traffic(&local).await;
    local.fault(Fault::throttling().on("Converse").times(2).retry_after(Duration::from_secs(2))).unwrap();
    converse(&local, MODEL, json!({ "messages": [user("Hello")] })).await;
    local.queue_reply(Reply::text("Bonjour from a queued reply."));
    local.fault(Fault::exception("modelStreamErrorException", 3).on("ConverseStream")).unwrap();
    converse_stream(&local, MODEL, json!({ "messages": [user("Say hello in French")] })).await.frames();
    browser.wait(&rows(5)).await;
    browser.click("#list li:first-child button").await;
    for scheme in ["light", "dark"] {
        browser.set_color_scheme(scheme).await;
        let paper = browser.evaluate("getComputedStyle(document.body).backgroundColor").await;
        assert_eq!(paper, if scheme == "light" { "rgb(251, 251, 250)" } else { "rgb(23, 25, 28)" });
        assert_eq!(browser.evaluate(LOW_CONTRAST).await, json!([]), "{scheme}");
        assert_eq!(browser.evaluate(TOO_WIDE).await, json!([]));
    }
    assert_eq!(browser.evaluate(UNNAMED_CONTROLS).await, json!([]));
    browser.set_color_scheme("light").await;
    if let Ok(path) = std::env::var("LOCAL_PAGE_PICTURE") {
        let picture = browser.send("GET", &format!("{}/screenshot", browser.session), Value::Null).await;
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        std::fs::write(format!("{root}/{path}"), BASE64.decode(picture.as_str().unwrap()).unwrap()).unwrap();
    }

    // The page loads nothing from elsewhere, and has no errors except the expected ones.
    let elsewhere = "performance.getEntriesByType('resource').map((it) => it.name).filter((it) => !it.startsWith(location.origin))";
    assert_eq!(browser.evaluate(elsewhere).await, json!([]));
    let logged = browser.post("se/log", json!({ "type": "browser" })).await;
    let complaints: Vec<_> = logged
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| {
            entry["level"] == "SEVERE"
                && !entry["message"].as_str().unwrap().contains("/_local/faults - Failed to load resource")
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.close().await;
}
