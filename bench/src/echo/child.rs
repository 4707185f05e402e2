//! A server's process, as the benchmark holds it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::Server;

/// The hidden subcommand that a child runs.
pub(crate) const SERVE: &str = "echo-server";

/// Where the server over tokio on omnipoll is built.
const ON_OMNIPOLL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tokio-on-omnipoll/Cargo.toml");

/// A server that runs; it ends when this is dropped.
pub(crate) struct Child {
    process: process::Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Child {
    pub(crate) fn start(server: Server) -> io::Result<Child> {
        let mut command = match server {
            Server::TokioOnOmnipoll(backend) => {
                let mut command = Command::new(build_on_omnipoll()?);
                command.env("OMNIPOLL_BACKEND", backend.name());
                command
            }
            _ => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args([SERVE, &server.to_string()]);
                command
            }
        };
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("a child without its pipes"));
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let answers = BufReader::new(answers);
        let mut child = Child { process, questions: Some(questions), answers, address };
        let port = child.number()?;
        child.address.set_port(port);
        Ok(child)
    }

    /// The processor's time that it has used.
    pub(crate) fn cpu_time(&mut self) -> io::Result<Duration> {
        if let Some(questions) = &mut self.questions {
            questions.write_all(b"\n")?;
        }
        self.number().map(Duration::from_nanos)
    }

    /// Waits until it has nothing to do, such as to close what its client has left.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        let mut before = self.cpu_time()?;
        loop {
            thread::sleep(Duration::from_millis(2));
            let now = self.cpu_time()?;
            // To be asked takes some time, too.
            if now - before < Duration::from_micros(300) {
                return Ok(());
            }
            before = now;
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.trim().parse().map_err(|_| io::Error::other("the server has ended"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.questions.take());
        let _ = self.process.wait();
    }
}

/// Builds the server over tokio on omnipoll, as cargo would here, and tells where it is.
fn build_on_omnipoll() -> io::Result<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked", "--quiet", "--message-format=json"])
        .args(["--manifest-path", ON_OMNIPOLL])
        .stderr(Stdio::inherit())
        .output()?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().rev().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    });
    let executable = executables.next().filter(|_| output.status.success());
    executable.ok_or_else(|| io::Error::other("bench/tokio-on-omnipoll cannot be built"))
}
