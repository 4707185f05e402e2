//! Runs the examples against real peers, on every backend.

#![cfg(unix)]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use omnipoll::Backend;
use omnipoll::unix::pipe;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// How long to wait for what must come.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn tcp_server_echoes_to_many_clients() {
    for backend in Backend::available() {
        let mut server = Example::start("tcp_server", backend, &["127.0.0.1:0"]);
        let address = server.address();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
        thread::scope(|scope| {
            for client in 0..20 {
                let (address, bytes) = (&address, &bytes[..bytes.len() - client]);
                scope.spawn(move || {
                    let mut stream = connect(address);
                    let mut writing = stream.try_clone().unwrap();
                    scope.spawn(move || {
                        writing.write_all(bytes).unwrap();
                        writing.shutdown(Shutdown::Write).unwrap();
                    });
                    let mut received = Vec::new();
                    stream.read_to_end(&mut received).unwrap();
                    assert!(received == bytes);
                });
            }
        });
        // Rude ones do no harm, and a later one is served.
        drop(connect(&address));
        connect(&address).write_all(&bytes).unwrap();
        let mut stream = connect(&address);
        stream.write_all(b"still there?").unwrap();
        let mut buffer = [0; 12];
        stream.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"still there?");
        assert!(server.is_running());
    }
}

/// With descriptors for a few, the others learn it, and it is no end of the server.
#[test]
fn tcp_server_turns_away_whom_it_cannot_serve() {
    for backend in Backend::available() {
        let mut server = Example::start("tcp_server", backend, &["127.0.0.1:0"]);
        let address = server.address();
        let few = Rlimit { current: Some(24), maximum: Some(24) };
        prlimit(Some(Pid::from_child(&server.child)), Resource::Nofile, few).unwrap();
        let mut clients: Vec<_> = (0..60).map(|_| connect(&address)).collect();
        let is_served = |stream: &mut TcpStream| {
            // What is written to who was turned away goes nowhere.
            let _ = stream.write_all(b"x");
            matches!(stream.read(&mut [0; 1]), Ok(1))
        };
        let served = clients.iter_mut().map(is_served).filter(|&served| served).count();
        assert!((1..24).contains(&served), "{served} of 60 are served");
        drop(clients);
        // As soon as the server has seen that they left, others are served.
        let start = Instant::now();
        while !is_served(&mut connect(&address)) {
            assert!(start.elapsed() < LIMIT, "nobody is served any more");
        }
        assert!(server.is_running());
    }
}

#[test]
fn worker_pool_answers_every_line_once() {
    for backend in Backend::available() {
        let mut server = Example::start("worker_pool", backend, &["127.0.0.1:0"]);
        let address = server.address();
        let clients: Vec<_> = (0..16)
            .map(|client| {
                let address = address.clone();
                thread::spawn(move || ask(&address, client))
            })
            .collect();
        let mut workers = HashSet::new();
        for client in clients {
            workers.extend(client.join().unwrap());
        }
        println!("on {backend}, the work was done by {} workers", workers.len());
        assert!(!workers.is_empty());
        assert!(server.is_running());
    }
}

/// Asks 50 questions, and returns who answered.
fn ask(address: &str, client: u32) -> HashSet<String> {
    let stream = connect(address);
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut workers = HashSet::new();
    for question in 0..50 {
        let text = format!("question {question} of {client}");
        // In two pieces, which may come with two events.
        let (start, end) = text.split_at(4);
        (&stream).write_all(start.as_bytes()).unwrap();
        (&stream).write_all(format!("{end}\n").as_bytes()).unwrap();
        let answer = answers.next().unwrap().unwrap();
        let (worker, echoed) = answer.split_once(": ").unwrap();
        assert_eq!(echoed, text);
        workers.insert(worker.to_owned());
    }
    workers
}

#[test]
fn fifo_chat_talks_both_ways_and_survives_the_other_side() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("chat-{backend}"));
        let (anna, ben) = (folder.path("anna"), folder.path("ben"));
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        first.say("too early");
        assert_eq!(first.line(), "(nobody is there)");

        for round in 0..3 {
            let mut second = Example::start("fifo_chat", backend, &[&ben, &anna]);
            assert!(second.line().starts_with("listening on"));
            for line in 0..5 {
                first.say(&format!("ping {round} {line}"));
                assert_eq!(second.line(), format!("ping {round} {line}"));
                second.say(&format!("pong {round} {line}"));
                assert_eq!(first.line(), format!("pong {round} {line}"));
            }
            second.end_input();
            assert!(second.ended_well());
            assert_eq!(first.line(), "(they left)");
            first.say("gone?");
            assert_eq!(first.line(), "(nobody is there)");
        }
        first.end_input();
        assert!(first.ended_well());
    }
}

#[test]
fn fifo_chat_reads_a_file() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("letter-{backend}"));
        let (anna, ben, letter) = (folder.path("anna"), folder.path("ben"), folder.path("letter"));
        fs::write(&letter, "dear anna\n").unwrap();
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        let status = Command::new(path_of("fifo_chat"))
            .args([&ben, &anna, "--backend", backend.name()])
            .stdin(fs::File::open(&letter).unwrap())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(first.line(), "dear anna");
    }
}

#[test]
fn fifo_chat_reads_a_terminal() {
    for backend in Backend::available() {
        let folder = TemporaryFolder::new(&format!("terminal-{backend}"));
        let (anna, ben) = (folder.path("anna"), folder.path("ben"));
        let mut first = Example::start("fifo_chat", backend, &[&anna, &ben]);
        assert!(first.line().starts_with("listening on"));
        let (main, terminal) = pseudo_terminal();
        let mut typed = Command::new(path_of("fifo_chat"))
            .args([&ben, &anna, "--backend", backend.name()])
            .stdin(terminal)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        rustix::io::write(&main, b"typed by hand\n").unwrap();
        assert_eq!(first.line(), "typed by hand");
        // Control-D.
        rustix::io::write(&main, b"\x04").unwrap();
        assert!(wait(&mut typed).is_some_and(|status| status.success()));
    }
}

#[test]
fn bad_arguments_are_explained() {
    for name in ["tcp_server", "worker_pool", "fifo_chat"] {
        let output = Command::new(path_of(name)).args(["--backend", "epol"]).output().unwrap();
        assert!(!output.status.success());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("no such backend"), "{name}: {text}");
    }
    let folder = TemporaryFolder::new("bad");
    let file = folder.path("file");
    fs::write(&file, "plain").unwrap();
    let output = Command::new(path_of("fifo_chat")).args([&file, "else"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("not a FIFO"));
    // A FIFO that is there already is taken.
    let fifo = folder.path("fifo");
    pipe::create_fifo(&fifo, 0o600).unwrap();
    let output = Command::new(path_of("fifo_chat")).args([&fifo, "else"]).output().unwrap();
    assert!(output.status.success());
}

/// A running example, which is killed when it is dropped.
struct Example {
    child: Child,
    lines: Receiver<String>,
}

impl Example {
    fn start(name: &str, backend: Backend, arguments: &[&str]) -> Example {
        let mut child = Command::new(path_of(name))
            .args(arguments)
            .args(["--backend", backend.name()])
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
    fn line(&mut self) -> String {
        self.lines.recv_timeout(LIMIT).expect("a line of output")
    }

    /// Of a server, from its first line.
    fn address(&mut self) -> String {
        let line = self.line();
        line.split(' ').nth(2).unwrap().to_owned()
    }

    fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn ended_well(&mut self) -> bool {
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

/// Waits for the end of `child`, within the limit.
fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
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

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    // Else a second small write waits for the acknowledgement of the first.
    stream.set_nodelay(true).unwrap();
    stream
}

/// Cargo builds the examples for the tests, into a folder beside theirs.
fn path_of(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("examples").join(example);
    assert!(
        path.exists(),
        "{} is not built: plain `cargo test` does so, or `cargo build --examples`",
        path.display()
    );
    path
}

struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new(name: &str) -> TemporaryFolder {
        let path = env::temp_dir().join(format!("omnipoll-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        TemporaryFolder(path)
    }

    fn path(&self, name: &str) -> String {
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
fn pseudo_terminal() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::OpenptFlags;

    let main = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&main).unwrap();
    rustix::pty::unlockpt(&main).unwrap();
    let name = rustix::pty::ptsname(&main, Vec::new()).unwrap();
    let terminal = rustix::fs::open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (main, terminal)
}
