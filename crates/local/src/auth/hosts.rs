//! The host names that the server accepts, and the check against requests of web pages.
//!
//! A web page in a browser can send requests to a loopback address. With DNS rebinding (its own host name resolves to this
//! address) it can also read the responses. The browser sends the page's site in `Host`, `Origin` or `Sec-Fetch-Site`.

use std::io;
use std::net::IpAddr;

use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use crate::world::invalid_input;

/// The suffixes of AWS's host names, such as `bedrock-runtime.us-east-1.amazonaws.com`.
const AWS_DOMAINS: &[&str] =
    &[".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn"];
const AWS_SERVICES: &[&str] = &["bedrock", "bedrock-fips", "bedrock-runtime", "bedrock-runtime-fips"];

/// The host names that the user allows.
#[derive(Debug)]
pub(crate) struct Hosts {
    allowed: Vec<String>,
}

impl Hosts {
    /// # Errors
    ///
    /// Fails if one of them is not a host name.
    pub(crate) fn new(allowed: &[String]) -> io::Result<Self> {
        let name = |host: &String| {
            name(host).filter(|name| !name.is_empty()).ok_or_else(|| {
                invalid_input(format!(
                    "'{host}' is not a host name: give the name alone, such as bedrock-local"
                ))
            })
        };
        Ok(Self { allowed: allowed.iter().map(name).collect::<io::Result<_>>()? })
    }

    /// Checks a request's headers. The error is a message for the client.
    pub(crate) fn check(&self, parts: &Parts) -> Result<(), String> {
        let hosts = hosts(parts);
        if let Some(host) = hosts.iter().find(|host| !self.is_known(host)) {
            return Err(format!(
                "This server does not accept the host name '{host}', so that no web site can reach it with DNS rebinding. \
                 Use its address or localhost. If the name is yours, allow it: --allow-host NAME for the \
                 program, allow_host(NAME) in Rust."
            ));
        }
        let header =
            |name: &str| parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let is_same_site = |origin: &str| {
            let site = origin.split_once("://").map(|(_, site)| site);
            site.is_some_and(|site| hosts.iter().any(|host| host == site))
        };
        let origin = header(ORIGIN.as_str()).filter(|origin| !is_same_site(origin));
        let site = header("sec-fetch-site").filter(|site| !matches!(&**site, "same-origin" | "none"));
        match (origin, site) {
            (None, None) => Ok(()),
            (Some(origin), _) => Err(cross_site(&format!("Origin: {origin}"))),
            (None, Some(site)) => Err(cross_site(&format!("Sec-Fetch-Site: {site}"))),
        }
    }

    /// Returns whether the server accepts a host name.
    fn is_known(&self, host: &str) -> bool {
        let Some(name) = name(host) else { return false };
        // An IP address is not resolved, so DNS rebinding cannot use it.
        let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let is_local = name == "localhost" || name.ends_with(".localhost");
        is_address || is_local || is_aws(&name) || self.allowed.contains(&name)
    }
}

/// Returns the host names of a request. A client that is not a browser can omit them.
fn hosts(parts: &Parts) -> Vec<String> {
    let headers = parts.headers.get_all(HOST).into_iter();
    let headers = headers.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let authority = parts.uri.authority().map(ToString::to_string);
    authority.into_iter().chain(headers).filter(|host| !host.is_empty()).collect()
}

/// Returns the name in `name:port`, in lowercase, or `None` if the text has another form.
fn name(host: &str) -> Option<String> {
    let authority: Authority = host.parse().ok()?;
    let name = authority.host();
    let port = host.strip_prefix(name)?;
    let is_port = port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if !port.is_empty() && !is_port {
        return None;
    }
    Some(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
}

/// Returns whether a name is AWS's host name of these services, which a client sends if the server is its proxy.
fn is_aws(name: &str) -> bool {
    let endpoint = match name.split_once('.') {
        Some((first, rest)) if first.starts_with("vpce-") => rest,
        _ => name,
    };
    let Some((service, region)) = endpoint.split_once('.') else { return false };
    // The rest contains the dot before the domain: `us-east-1.amazonaws.com`.
    AWS_SERVICES.contains(&service) && AWS_DOMAINS.iter().any(|domain| region.ends_with(domain))
}

fn cross_site(header: &str) -> String {
    format!(
        "This server accepts no requests from web pages of other sites, and this request comes from one ({header}). \
         Send it from a program."
    )
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = Request::get(uri);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn passes(headers: &[(&str, &str)]) -> bool {
        let hosts = Hosts::new(&["bedrock".to_owned(), "Models.Example:8080".to_owned()]).unwrap();
        hosts.check(&parts("/guardrails", headers)).is_ok()
    }

    #[test]
    fn known_hosts_are_accepted() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "localhost.:8080",
            "test.localhost",
            "127.0.0.1:8080",
            "127.8.9.1",
            "[::1]",
            "[::1]:8080",
            "0.0.0.0:8080",
            "192.168.1.5:8080",
            "bedrock:8080",
            "models.example",
            "bedrock.us-east-1.amazonaws.com",
            "bedrock-runtime.us-east-1.amazonaws.com:443",
            "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            "bedrock-runtime.cn-north-1.amazonaws.com.cn",
            "bedrock-runtime.eu-west-1.api.aws",
            "vpce-0a1b-2c3d.bedrock-runtime.us-east-1.vpce.amazonaws.com",
        ] {
            assert!(passes(&[("host", host)]), "{host}");
        }
        assert!(passes(&[]), "a client without a host name is not a browser");
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "localhost@evil.example",
            "localhost:evil.example",
            "[::1]evil.example",
            "evil@localhost",
            "evil.example.:1",
            "other",
            "x.bedrock",
            "ec2-203-0-113-7.compute-1.amazonaws.com",
            "evil.amazonaws.com",
            "bedrock.amazonaws.com.evil.example",
            "bedrock.evilamazonaws.com",
            "a b",
            "\u{e9}",
        ] {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        assert!(!passes(&[("host", "localhost"), ("host", "evil.example")]));
        let http2 = parts("http://evil.example/guardrails", &[("host", "localhost")]);
        assert!(Hosts::new(&[]).unwrap().check(&http2).is_err());
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = ("host", "localhost:8080");
        for own in [
            &[host, ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")][..],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("sec-fetch-mode", "cors")],
        ] {
            assert!(passes(own), "{own:?}");
        }
        for foreign in [
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!passes(&[host, foreign]), "{foreign:?}");
        }
    }

    #[test]
    fn only_host_names_can_be_allowed() {
        for wrong in ["", "http://bedrock:8080", "a b", ":8080"] {
            assert!(Hosts::new(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
