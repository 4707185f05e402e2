//! `omnipoll echo` and `omnipoll load` as users run them, against each other and against
//! servers that are broken.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use omnipoll::Backend;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use socket2::SockRef;
#[cfg(target_os = "linux")]
use socket2::{Domain, SockAddr, Socket, Type};

const TRIGGERS: [&str; 3] = ["edge", "level", "oneshot"];

/// How long what takes no time may take on a busy machine.
const OWED: Duration = Duration::from_secs(60);

fn omnipoll(command: &str) -> Command {
    let mut omnipoll = Command::new(env!("CARGO_BIN_EXE_omnipoll"));
    omnipoll.arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    omnipoll
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server in a process of its own, which is killed if the test ends before it.
struct Echo {
    child: Child,
    out: BufReader<ChildStdout>,
    greeting: String,
    addresses: Vec<String>,
}

impl Echo {
    fn start(addresses: &[&str], arguments: &[&str]) -> Echo {
        let child = omnipoll("echo").args(addresses).args(arguments).spawn().expect("starts");
        Echo::greet(child, addresses.len())
    }

    /// Reads what it says first.
    fn greet(mut child: Child, addresses: usize) -> Echo {
        let mut out = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).expect("a line");
            line.trim().to_owned()
        };
        let greeting = line();
        let addresses = (0..addresses).map(|_| line()).collect();
        Echo { child, out, greeting, addresses }
    }

    fn signal(&self, signal: Signal) {
        signal_to(&self.child, signal);
    }

    /// Has it end by a signal, and tells what it said last.
    fn stop(mut self) -> String {
        self.signal(Signal::INT);
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("it ends");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}: {rest}");
        rest
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal_to(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    kill_process(pid, signal).expect("it is there");
}

fn load(address: &str, arguments: &[&str]) -> Output {
    omnipoll("load").arg(address).args(arguments).output().expect("it starts")
}

fn report(output: &Output) -> Value {
    let stderr = text(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

/// A path that nobody has a socket at.
fn socket_path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("omnipoll-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn every_byte_on_epoll() {
    every_byte(Backend::Epoll);
}

#[test]
fn every_byte_on_io_uring() {
    every_byte(Backend::IoUring);
}

#[test]
fn every_byte_on_kqueue() {
    every_byte(Backend::Kqueue);
}

#[test]
fn every_byte_on_event_ports() {
    every_byte(Backend::EventPorts);
}

#[test]
fn every_byte_on_poll() {
    every_byte(Backend::Poll);
}

#[test]
fn every_byte_on_select() {
    every_byte(Backend::Select);
}

/// Each trigger and one or four threads, through each kind of socket.
fn every_byte(backend: Backend) {
    if !backend.is_available() {
        println!("skipped: this machine has no {backend}");
        return;
    }
    for trigger in TRIGGERS {
        for threads in ["1", "4"] {
            let path = socket_path(&format!("{backend}-{trigger}-{threads}"));
            let unix = format!("unix:{}", path.display());
            let echo = Echo::start(
                &["tcp://127.0.0.1:0", "udp://127.0.0.1:0", &unix],
                &["--backend", backend.name(), "--trigger", trigger, "--threads", threads],
            );
            assert!(echo.greeting.contains(backend.name()), "{}", echo.greeting);
            assert!(echo.greeting.contains(trigger), "{}", echo.greeting);
            for address in &echo.addresses {
                exchange(address, backend);
            }
            let said = echo.stop();
            // TCP and Unix, small messages and large; and datagrams of both.
            let expected = format!("{} connections and {DATAGRAMS} datagrams", 4 * CONNECTIONS);
            assert!(said.contains(&expected), "{said}");
            assert!(!said.contains("failed"), "{said}");
            assert!(!path.exists(), "the socket file goes with the server");
        }
    }
}

const CONNECTIONS: u64 = 20;
const DATAGRAMS: u64 = 600;

/// Small messages one at a time, and ones longer than any buffer several at a time.
fn exchange(address: &str, backend: Backend) {
    // The kernel has room for some two hundred kilobytes of datagrams, and loses the rest.
    let (large, deep) = if address.starts_with("udp") { ("1000", "2") } else { ("300000", "4") };
    for (messages, size, depth) in [(400, "100", "1"), (200, large, deep)] {
        let output = load(
            address,
            &[
                "--json",
                "--backend",
                backend.name(),
                "--connections",
                &CONNECTIONS.to_string(),
                "--messages",
                &messages.to_string(),
                "--size",
                size,
                "--depth",
                depth,
                "--timeout",
                "60s",
            ],
        );
        let report = report(&output);
        assert!(output.status.success(), "{report}\n{}", text(&output.stderr));
        let bytes = messages * size.parse::<u64>().expect("a number");
        assert_eq!(report["backend"], backend.name());
        assert_eq!(report["address"], address);
        assert_eq!(report["connections"]["made"], CONNECTIONS);
        assert_eq!(report["connections"]["failed"], 0);
        assert_eq!(report["messages"]["sent"], messages);
        assert_eq!(report["messages"]["answered"], messages);
        assert_eq!(report["bytes"]["sent"], bytes);
        assert_eq!(report["bytes"]["received"], bytes);
        assert_eq!(report["failures"], Value::Array(Vec::new()));
        assert!(report["latency_nanoseconds"]["p50"].as_u64() > Some(0), "{report}");
    }
}

/// A server of the test's own, for as long as the process lives.
fn serve(answer: impl Fn(TcpStream) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// A run of few connections has to fail, for a reason that is told by such words.
fn is_caught(address: &str, arguments: &[&str], words: &str) -> Output {
    let output = load(address, &[&["--connections", "3", "--for", "30s"], arguments].concat());
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(words), "{words}: {stderr}");
    output
}

#[test]
fn a_wrong_byte_is_caught() {
    let address = serve(|mut stream| {
        let mut buffer = [0; 64];
        let mut echoed = 0;
        while let Ok(length) = stream.read(&mut buffer) {
            if (echoed..echoed + length).contains(&1_000) {
                buffer[1_000 - echoed] ^= 0x10;
            }
            echoed += length;
            if length == 0 || stream.write_all(&buffer[..length]).is_err() {
                return;
            }
        }
    });
    let output = is_caught(&address, &[], "at byte 1,000 came 0x");
    assert!(text(&output.stdout).contains("3 × wrong byte"), "{}", text(&output.stdout));
}

#[test]
fn bytes_of_another_connection_are_caught() {
    let others = Arc::new(Mutex::new(None::<TcpStream>));
    let address = serve(move |mut stream| {
        let mut buffer = [0; 64];
        // To whom came before goes what comes from this one.
        let mine = stream.try_clone().expect("a copy");
        let mut target = others.lock().expect("nobody panics").replace(mine);
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let target = target.as_mut().unwrap_or(&mut stream);
            if target.write_all(&buffer[..length]).is_err() {
                return;
            }
        }
    });
    is_caught(&address, &["--timeout", "5s"], "The server sent what it should not have");
}

#[test]
fn more_than_was_sent_is_caught() {
    let address = serve(|mut stream| {
        let mut buffer = [0; 64];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&[&buffer[..length], &[0; 3]].concat()).is_err() {
                return;
            }
        }
    });
    is_caught(&address, &[], "3 bytes more than were sent");
}

#[test]
fn a_server_that_closes_is_caught() {
    let address = serve(|mut stream| {
        let mut buffer = [0; 1_000];
        let _ = stream.read(&mut buffer).and_then(|length| stream.write(&buffer[..length]));
        // To close at once could be a reset, if the next message was there already.
        stream.shutdown(Shutdown::Write).expect("half closes");
        while let Ok(1..) = stream.read(&mut buffer) {}
    });
    is_caught(&address, &[], "closed by the server");
}

#[test]
fn a_server_that_never_answers_is_caught() {
    let address = serve(|stream| {
        thread::sleep(OWED);
        drop(stream);
    });
    is_caught(&address, &["--timeout", "300ms"], "no answer within 300 ms");
}

#[test]
fn a_server_that_is_not_there_is_told_how_to_start() {
    // Free, as nobody else asks for a given port of this range.
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        format!("tcp://{}", listener.local_addr().expect("an address"))
    };
    let udp = address.replace("tcp", "udp");
    let outputs = [
        is_caught(&address, &[], "cannot connect"),
        is_caught("unix:/nowhere/echo", &[], "cannot connect"),
        is_caught(&udp, &[], "broken"),
    ];
    for output in outputs {
        assert!(text(&output.stderr).contains("omnipoll echo"), "{}", text(&output.stderr));
    }
}

/// Nobody reads what it says, as with `| head -1`.
#[test]
fn a_failure_is_one_also_if_nobody_reads() {
    let (reader, writer) = UnixStream::pair().expect("a pair");
    drop(reader);
    let mut command = omnipoll("load");
    command.args(["unix:/nowhere/echo", "--connections", "1"]).stdout(OwnedFd::from(writer));
    let output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

/// A Unix socket whose queue is full, and from which nobody takes. Others than Linux refuse
/// who comes then.
#[cfg(target_os = "linux")]
fn full_queue(name: &str) -> (String, Vec<Socket>) {
    let path = socket_path(name);
    let address = SockAddr::unix(&path).expect("it is short");
    let socket = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
        socket.set_nonblocking(true).expect("is set");
        socket
    };
    let listener = socket();
    listener.bind(&address).expect("nobody has it");
    listener.listen(1).expect("listens");
    let mut sockets = vec![listener];
    loop {
        let client = socket();
        if client.connect(&address).is_err() {
            return (format!("unix:{}", path.display()), sockets);
        }
        sockets.push(client);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_queue_that_stays_full_is_not_waited_for() {
    let (address, _sockets) = full_queue("full-for-load");
    is_caught(&address, &["--timeout", "300ms"], "cannot connect: timed out");
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_that_hangs_has_its_socket_still() {
    let (address, _sockets) = full_queue("full-for-echo");
    let mut echo = omnipoll("echo").arg(address).spawn().expect("it starts");
    let start = Instant::now();
    while echo.try_wait().expect("a status").is_none() {
        if start.elapsed() > OWED {
            echo.kill().expect("it is there");
            panic!("it waits for room in the queue");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let output = echo.wait_with_output().expect("it has ended");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("end that server"), "{}", text(&output.stderr));
}

/// Of ten datagrams one is lost, and one comes twice.
#[test]
fn lost_datagrams_are_counted() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = format!("udp://{}", socket.local_addr().expect("an address"));
    thread::spawn(move || {
        let mut buffer = [0; 100];
        for number in 1.. {
            let Ok((length, sender)) = socket.recv_from(&mut buffer) else { return };
            let copies = match number % 10 {
                0 => 0,
                5 => 2,
                _ => 1,
            };
            for _ in 0..copies {
                let _ = socket.send_to(&buffer[..length], sender);
            }
        }
    });
    // Long, for what is late by a stall of the machine would count as lost.
    let arguments = ["--json", "--connections", "1", "--messages", "30", "--timeout", "2s"];
    let output = load(&address, &arguments);
    let report = report(&output);
    assert!(output.status.success(), "{report}");
    let messages = &report["messages"];
    assert_eq!((&messages["sent"], &messages["answered"]), (&30.into(), &27.into()), "{report}");
    assert_eq!((&messages["lost"], &messages["late"]), (&3.into(), &3.into()), "{report}");
    assert_eq!(report["verdict"], "Every byte that came back is as it was sent.");
}

#[test]
fn datagrams_that_never_come_back_are_a_failure() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = format!("udp://{}", socket.local_addr().expect("an address"));
    let arguments = ["--messages", "5", "--timeout", "100ms"];
    let output = load(&address, &arguments);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("Nothing came back of 5 messages"), "{stderr}");
}

#[test]
fn a_wrong_datagram_is_caught() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = format!("udp://{}", socket.local_addr().expect("an address"));
    thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok((length, sender)) = socket.recv_from(&mut buffer) {
            buffer[length - 1] ^= 1;
            let _ = socket.send_to(&buffer[..length], sender);
        }
    });
    is_caught(&address, &[], "at byte 63 came");
}

/// A server that stalls for a second, once it has 50 messages of a connection.
fn serve_with_a_stall() -> String {
    serve(|mut stream| {
        let mut buffer = [0; 64];
        let mut count = 0;
        while let Ok(()) = stream.read_exact(&mut buffer) {
            count += 1;
            if count == 50 {
                thread::sleep(Duration::from_secs(1));
            }
            if stream.write_all(&buffer).is_err() {
                return;
            }
        }
    })
}

/// A server that stalls once for a while is not measured by the few messages it held up, but
/// by all that were due meanwhile.
#[test]
fn a_rate_counts_from_when_a_message_was_due() {
    let arguments = ["--json", "--connections", "1", "--rate", "100", "--messages", "200"];
    let output = load(&serve_with_a_stall(), &arguments);
    let report = report(&output);
    assert!(output.status.success(), "{report}");
    // Of 200 messages 100 were due in that second, half of which waited for half of it.
    let p90 = report["latency_nanoseconds"]["p90"].as_u64().expect("a latency");
    assert!(p90 >= 300_000_000, "{report}");
    assert!(report["seconds"].as_f64() >= Some(1.9), "{report}");
}

/// The run ends while the server stalls.
#[test]
fn what_was_due_and_found_no_room_is_told() {
    let address = serve_with_a_stall();
    let arguments = ["--connections", "1", "--rate", "100", "--for", "1s"];
    let output = load(&address, &[["--json"].as_slice(), &arguments].concat());
    let report = report(&output);
    assert!(output.status.success(), "{report}");
    let count = |what: &str| report["messages"][what].as_u64().expect("a count");
    assert_eq!(count("answered"), 50, "{report}");
    assert!(count("unsent") >= 50, "{report}");
    let said = text(&load(&address, &arguments).stdout);
    assert!(said.contains("more were due and found no room"), "{said}");
}

/// Nor by how many are due, whatever the rate.
#[test]
fn a_rate_beyond_all_measure_starves_nothing() {
    let echo = Echo::start(&["127.0.0.1:0"], &[]);
    let arguments = ["--json", "--connections", "10", "--rate", "1e9", "--for", "1s"];
    let output = load(&echo.addresses[0], &arguments);
    let report = report(&output);
    assert!(output.status.success(), "{report}");
    // Each sends one at first, and then once for every answer.
    assert!(report["messages"]["answered"].as_u64() > Some(1_000), "{report}");
}

/// What is under way is remembered, and so has to be written.
#[cfg(target_os = "linux")]
#[test]
fn a_depth_beyond_all_measure_takes_little_memory() {
    let echo = Echo::start(&["127.0.0.1:0"], &[]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 1000000 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_omnipoll")]);
    command.args(["load", &echo.addresses[0], "--json", "--connections", "1", "--for", "500ms"]);
    let output = command.args(["--depth", "1000000000"]).output().expect("it starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let messages = &report(&output)["messages"];
    assert_eq!(messages["sent"], messages["answered"]);
}

/// Both directions of a connection are full, and each end waits for the other: what the
/// server keeps of it is bounded, and not a byte is lost.
#[test]
fn a_client_that_does_not_read_is_not_read_from() {
    for trigger in TRIGGERS {
        let echo = Echo::start(&["127.0.0.1:0"], &["--trigger", trigger]);
        let address = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP").to_owned();
        let mut stream = TcpStream::connect(address).expect("connects");
        stream.set_write_timeout(Some(Duration::from_millis(500))).expect("is set");
        let chunk = [7; 64 * 1024];
        let mut sent = 0;
        let most = 1 << 30;
        while let Ok(length) = stream.write(&chunk) {
            sent += length;
            assert!(sent < most, "{trigger}: it reads on and on");
        }
        stream.shutdown(Shutdown::Write).expect("half closes");
        let mut received = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match stream.read(&mut buffer).expect("it echoes to the end") {
                0 => break,
                length => received += length,
            }
        }
        assert_eq!(received, sent, "{trigger}");
        echo.stop();
    }
}

/// More waits for it than one event is good for, and no more comes that would be an event.
#[test]
fn a_server_that_was_stopped_catches_up() {
    const WAITING: usize = 50;
    for backend in Backend::available() {
        for trigger in TRIGGERS {
            let arguments = ["--backend", backend.name(), "--trigger", trigger];
            let echo = Echo::start(&["127.0.0.1:0", "udp://127.0.0.1:0"], &arguments);
            let [tcp, udp] = [0, 1].map(|place| {
                let (_, address) = echo.addresses[place].split_once("://").expect("a protocol");
                address.to_owned()
            });
            echo.signal(Signal::STOP);
            // It stops a moment later.
            thread::sleep(Duration::from_millis(50));
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            for number in 0..WAITING {
                socket.send_to(&[number as u8], &udp).expect("is sent");
            }
            let connect = |_| TcpStream::connect(&tcp).expect("the queue is long");
            let mut streams: Vec<TcpStream> = (0..WAITING).map(connect).collect();
            echo.signal(Signal::CONT);

            socket.set_read_timeout(Some(OWED)).expect("is set");
            for number in 0..WAITING {
                let mut answer = [0; 2];
                let length = socket.recv(&mut answer).expect("every datagram is answered");
                assert_eq!(answer[..length], [number as u8], "{backend}, {trigger}");
            }
            for stream in &mut streams {
                stream.set_read_timeout(Some(OWED)).expect("is set");
                stream.write_all(&[7]).expect("there is room");
                stream.read_exact(&mut [0]).expect("every connection is accepted");
            }
            echo.stop();
        }
    }
}

/// A read ends at an urgent byte, and what stands behind it is no event of its own.
#[test]
fn what_stands_behind_an_urgent_byte_is_echoed() {
    for backend in Backend::available() {
        for trigger in TRIGGERS {
            let arguments = ["--backend", backend.name(), "--trigger", trigger];
            let echo = Echo::start(&["127.0.0.1:0"], &arguments);
            let address = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP");
            let mut stream = TcpStream::connect(address).expect("connects");
            stream.set_read_timeout(Some(OWED)).expect("is set");
            stream.write_all(&[7]).expect("there is room");
            stream.read_exact(&mut [0]).expect("it is accepted");

            echo.signal(Signal::STOP);
            // It stops a moment later.
            thread::sleep(Duration::from_millis(50));
            stream.write_all(b"one").expect("there is room");
            SockRef::from(&stream).send_out_of_band(b"X").expect("there is room");
            stream.write_all(b"two").expect("there is room");
            echo.signal(Signal::CONT);
            let mut answer = [0; 6];
            let result = stream.read_exact(&mut answer);
            assert!(result.is_ok(), "{backend}, {trigger}: {result:?}, {answer:?}");
            assert_eq!(&answer, b"onetwo", "{backend}, {trigger}");
            echo.stop();
        }
    }
}

#[test]
fn a_reset_is_the_clients_affair() {
    let echo = Echo::start(&["127.0.0.1:0"], &[]);
    let address = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP").to_owned();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(&address).expect("connects");
        stream.write_all(b"read me").expect("there is room");
        // To close what holds unread bytes is a reset.
        stream.peek(&mut [0]).expect("they come back");
    }
    let output = load(&echo.addresses[0], &["--messages", "100"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = echo.stop();
    assert!(said.contains("105 connections"), "{said}");
    assert!(said.contains("5 connections failed"), "{said}");
}

/// A server that tells how many messages have come, and answers if it is to.
fn serve_and_count(answers: bool) -> (String, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let address = serve(move |mut stream| {
        let mut buffer = [0; 64];
        while let Ok(()) = stream.read_exact(&mut buffer) {
            counted.fetch_add(1, Ordering::SeqCst);
            if answers && stream.write_all(&buffer).is_err() {
                return;
            }
        }
    });
    (address, count)
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_there() {
        assert!(start.elapsed() < OWED, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn ctrl_c_ends_the_load_with_a_summary() {
    let (address, count) = serve_and_count(true);
    let arguments = [&address, "--json", "--for", "1h", "--connections", "5"];
    let load = omnipoll("load").args(arguments).spawn().expect("it starts");
    wait_for("it sends", || count.load(Ordering::SeqCst) > 100);
    signal_to(&load, Signal::INT);
    let output = load.wait_with_output().expect("it ends");
    let report = report(&output);
    assert!(output.status.success(), "{report}");
    assert_eq!(report["interrupted"], true);
    // What was under way was waited for.
    assert_eq!(report["messages"]["sent"], count.load(Ordering::SeqCst));
    assert_eq!(report["messages"]["answered"], count.load(Ordering::SeqCst));
}

/// The first one waits for answers, and nobody gives them.
#[test]
fn the_second_ctrl_c_kills() {
    let (address, count) = serve_and_count(false);
    let arguments = [&address, "--timeout", "10m"];
    let mut load = omnipoll("load").args(arguments).spawn().expect("it starts");
    wait_for("it sends", || count.load(Ordering::SeqCst) > 0);
    signal_to(&load, Signal::INT);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(load.try_wait().expect("a status"), None, "it waits for the answers");
    signal_to(&load, Signal::INT);
    let status = load.wait().expect("it ends");
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
}

/// A wait that comes back for nothing, over and over, would show in the processor time.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_server_takes_no_processor_time() {
    for backend in Backend::available() {
        for trigger in TRIGGERS {
            let arguments = ["--backend", backend.name(), "--trigger", trigger, "--threads", "4"];
            let echo = Echo::start(&["127.0.0.1:0", "udp://127.0.0.1:0"], &arguments);
            let address = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP").to_owned();
            // An idle connection, and one whose client does not take its bytes.
            let _idle = TcpStream::connect(&address).expect("connects");
            let mut stuck = TcpStream::connect(&address).expect("connects");
            stuck.set_write_timeout(Some(Duration::from_millis(200))).expect("is set");
            while stuck.write(&[0; 64 * 1024]).is_ok() {}
            let before = ticks(&echo.child);
            thread::sleep(Duration::from_secs(1));
            let spent = ticks(&echo.child) - before;
            // A hundred of them are a second: one thread that spins would have about so many.
            assert!(spent <= 10, "{backend}, {trigger}: {spent} ticks");
        }
    }
}

/// The processor time of a process, as Linux tells it.
#[cfg(target_os = "linux")]
fn ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("is there");
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let fields: Vec<&str> = fields.split(' ').collect();
    let field = |number: usize| fields[number - 3].parse::<u64>().expect("a number");
    field(14) + field(15)
}

/// A server that has room for some ten connections, and what it complains of.
fn start_small(trigger: &str) -> (Echo, ChildStderr) {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 20 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_omnipoll")]);
    command.args(["echo", "127.0.0.1:0", "--trigger", trigger]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let stderr = child.stderr.take().expect("it is a pipe");
    (Echo::greet(child, 1), stderr)
}

#[test]
fn descriptors_that_run_out_stop_no_server() {
    for trigger in TRIGGERS {
        let (echo, mut stderr) = start_small(trigger);
        let target = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP");
        let mut crowd: Vec<TcpStream> =
            (0..30).map(|_| TcpStream::connect(target).expect("the queue is long")).collect();
        // One after the other leaves, and makes room for the next.
        for (number, mut stream) in crowd.drain(..).enumerate() {
            stream.set_read_timeout(Some(OWED)).expect("is set");
            stream.write_all(&[number as u8]).expect("there is room");
            let mut answer = [0];
            stream.read_exact(&mut answer).expect("it is served in the end");
            assert_eq!(usize::from(answer[0]), number);
        }
        let said = echo.stop();
        assert!(said.contains("30 connections"), "{said}");
        let mut complained = String::new();
        stderr.read_to_string(&mut complained).expect("it has ended");
        assert!(complained.contains("cannot accept") && complained.contains("ulimit -Hn"));
    }
}

/// It tries to accept ten times a second, however much there is to echo.
#[test]
fn a_server_that_is_full_does_not_try_at_every_event() {
    for trigger in TRIGGERS {
        let start = Instant::now();
        let (echo, _stderr) = start_small(trigger);
        let target = echo.addresses[0].strip_prefix("tcp://").expect("it is TCP");
        let mut crowd: Vec<TcpStream> =
            (0..30).map(|_| TcpStream::connect(target).expect("the queue is long")).collect();
        crowd[0].set_read_timeout(Some(OWED)).expect("is set");
        for _ in 0..2_000 {
            crowd[0].write_all(&[7]).expect("there is room");
            crowd[0].read_exact(&mut [0]).expect("it is served");
        }
        let said = echo.stop();
        let most = 2 + start.elapsed().as_millis() / 100;
        let (told, _) = said.split_once(" times accepting paused").expect("it was full");
        let times = told.rsplit(' ').next().map(|times| times.replace(',', ""));
        let times: u128 = times.and_then(|times| times.parse().ok()).expect("a count");
        assert!(times <= most, "{trigger}: {times} of {most}");
    }
}

#[test]
fn too_many_connections_are_told_how_many_there_may_be() {
    let output = load("127.0.0.1:9", &["--connections", "100000000"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("ulimit -Hn") && stderr.contains("--connections "), "{stderr}");
}

#[test]
fn the_file_of_a_dead_server_is_replaced_and_that_of_a_live_one_is_not() {
    let path = socket_path("files");
    let address = format!("unix:{}", path.display());
    let echo = Echo::start(&[&address], &[]);
    let refused = omnipoll("echo").arg(&address).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("end that server"), "{}", text(&refused.stderr));

    echo.signal(Signal::KILL);
    drop(echo);
    assert!(path.exists(), "who is killed removes nothing");
    Echo::start(&[&address], &[]).stop();
    assert!(!path.exists());

    std::fs::write(&path, "a letter").expect("is written");
    let refused = omnipoll("echo").arg(&address).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no socket"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), "a letter");
    std::fs::remove_file(&path).expect("is removed");
}

#[test]
fn what_cannot_be_is_told_with_the_way_out() {
    for (arguments, words) in [
        (["echo", "http://127.0.0.1:80"].as_slice(), "udp://HOST:PORT"),
        (&["echo", "127.0.0.1"], "HOST:PORT"),
        (&["echo", "--backend", "epol"], "no such backend"),
        (&["load", "--for", "5"], "500ms"),
        (&["load", "--rate", "0"], "messages a second"),
        (&["load", "udp://127.0.0.1:9", "--size", "70000"], "at most 65507"),
        (&["load", "udp://127.0.0.1:9", "--size", "7"], "at least 8"),
        (&["load", "--size", "0"], "must be at least 1"),
        (&["load", "--connections", "0"], "must be at least 1"),
        (&["load", "--depth", "0"], "must be at least 1"),
        (&["echo", "--threads", "0"], "must be at least 1"),
        (&["load", "name.invalid:1"], "the name is not known"),
        (&["echo", "192.0.2.1:7777"], "127.0.0.1 is this machine"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_omnipoll")).args(arguments).output();
        let output = output.expect("it starts");
        let stderr = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(stderr.contains(words) && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}
