//! Where an echo server is: `tcp://127.0.0.1:7777`, `udp://[::1]:7777`, `unix:/tmp/echo`.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
#[cfg(unix)]
use std::path::PathBuf;
use std::str::FromStr;

/// Where both sides meet if nobody says.
pub(crate) const DEFAULT: &str = "tcp://127.0.0.1:7777";

/// The address of an echo server, with the protocol that it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Udp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    /// Reads it; what has no protocol is TCP, and a name is looked up.
    fn from_str(text: &str) -> Result<Address, String> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
            return match path {
                "" => Err("there is no path; write it like unix:/tmp/echo".to_owned()),
                path => Ok(Address::Unix(PathBuf::from(path))),
            };
        }
        match text.split_once("://") {
            None => look_up(text).map(Address::Tcp),
            Some(("tcp", rest)) => look_up(rest).map(Address::Tcp),
            Some(("udp", rest)) => look_up(rest).map(Address::Udp),
            Some((protocol, _)) => Err(format!(
                "{protocol} is not a protocol here; write tcp://HOST:PORT, udp://HOST:PORT or \
                 unix:PATH"
            )),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "tcp://{address}"),
            Address::Udp(address) => write!(f, "udp://{address}"),
            #[cfg(unix)]
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn look_up(host_and_port: &str) -> Result<SocketAddr, String> {
    let example = "write HOST:PORT, as in 127.0.0.1:7777 or [::1]:7777";
    match host_and_port.to_socket_addrs() {
        Ok(mut found) => found.next().ok_or_else(|| format!("the name has no address; {example}")),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(format!("{error}; {example}"))
        }
        Err(error) => Err(format!("the name is not known: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back() {
        #[cfg(unix)]
        let unix = ["unix:/tmp/an echo", "unix:echo"].as_slice();
        #[cfg(not(unix))]
        let unix: &[&str] = &[];
        for text in ["tcp://127.0.0.1:7777", "udp://[::1]:0"].iter().chain(unix) {
            assert_eq!(
                text.parse::<Address>().map(|address| address.to_string()),
                Ok((*text).into())
            );
        }
    }

    #[test]
    fn tcp_is_the_default() {
        assert_eq!("127.0.0.1:80".parse::<Address>(), "tcp://127.0.0.1:80".parse());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_may_look_like_that_of_a_web_address() {
        assert_eq!("unix:///tmp/echo".parse::<Address>(), "unix:/tmp/echo".parse());
    }

    #[test]
    fn what_is_wrong_is_told_what_is_right() {
        for text in ["", "localhost", "7777", "127.0.0.1:99999", "tcp://", "http://x:1", "unix:"] {
            let error = text.parse::<Address>().expect_err(text);
            assert!(error.contains("write "), "{text}: {error}");
        }
    }
}
