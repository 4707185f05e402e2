//! A running example, and its peers.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use omnipoll::Backend;

/// How long to wait for what must come.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A running example, which is killed when it is dropped.
pub(crate) struct Example {
    pub(crate) child: Child,
    lines: Receiver<String>,
}

impl Example {
    pub(crate) fn start(name: &str, backend: Backend, arguments: &[&str]) -> Example {
        let mut child = command(name, backend)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output.lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Example { child, lines }
    }

    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line of output")
    }

    /// All lines that are still to come, until it ends.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => lines.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return lines,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("no end after {lines:?}"),
            }
        }
    }

    /// Of a server, from its first line, which also names the backend.
    #[track_caller]
    pub(crate) fn address(&mut self, backend: Backend) -> String {
        let line = self.line();
        assert!(line.ends_with(&format!(" by {backend}")), "{line}");
        line.split(' ').nth(2).unwrap().to_owned()
    }

    pub(crate) fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn ended_well(&mut self) -> bool {
        wait(&mut self.child).is_some_and(|status| status.success())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command(example: &str, backend: Backend) -> Command {
    let mut command = Command::new(path_of(example));
    command.env("OMNIPOLL_BACKEND", backend.name());
    command
}

/// What the example says when it refuses to start.
pub(crate) fn refusal(mut command: Command) -> String {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let status = wait(&mut child).expect("it ends");
    assert!(!status.success());
    let mut text = String::new();
    child.stderr.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Waits for the end of `child`, within the limit.
pub(crate) fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    None
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    // Else a second small write waits for the acknowledgement of the first.
    stream.set_nodelay(true).unwrap();
    stream
}

/// Receives a datagram. To close an io_uring interrupts the thread that had it, once.
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> usize {
    loop {
        match socket.recv(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.unwrap(),
        }
    }
}

/// Bytes of which no piece can be lost or moved unseen.
pub(crate) fn pattern(length: u32) -> Vec<u8> {
    (0..length).map(|number| (number ^ (number >> 8) ^ (number >> 16)) as u8).collect()
}

/// Cargo builds the examples for the tests, into a folder beside theirs.
pub(crate) fn path_of(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let path = folder.join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: plain `cargo test` does so, or `cargo build --examples`",
        path.display()
    );
    path
}

pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    pub(crate) fn new(name: &str) -> TemporaryFolder {
        let path = env::temp_dir().join(format!("omnipoll-{}-{name}", process::id()));
        fs::create_dir(&path).unwrap();
        TemporaryFolder(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Left behind, it does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The main side, and the side where programs run.
#[cfg(unix)]
pub(crate) fn pseudo_terminal() -> (OwnedFd, OwnedFd) {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::OpenptFlags;

    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&main).unwrap();
    rustix::pty::unlockpt(&main).unwrap();
    let name = rustix::pty::ptsname(&main, Vec::new()).unwrap();
    let terminal = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (main, terminal)
}
