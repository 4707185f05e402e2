use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use omnipoll::Backend;
use socket2::{Domain, Socket, Type};

use crate::support::{Example, command, refusal};

#[test]
fn tells_how_each_attempt_ends() {
    // At the same time, for each takes all of its time.
    thread::scope(|scope| {
        for backend in Backend::available() {
            scope.spawn(move || tells_how_each_attempt_ends_on(backend));
        }
    });
}

fn tells_how_each_attempt_ends_on(backend: Backend) {
    let (open, (_socket, refusing), silent) = (Open::new(), refusing(), Silent::new());
    let (refusing, silent) = (refusing.to_string(), silent.address.to_string());
    let mut arguments = vec!["5".to_owned(), silent.clone()];
    // More of them than it tries at once.
    for number in 0..300 {
        arguments.push(if number % 3 == 0 { refusing.clone() } else { open.0.clone() });
    }
    arguments.push("127.0.0.1:no-port".to_owned());
    let outcomes = outcomes(backend, &arguments);
    let count = |address: &str, outcome: &str| {
        let start = format!("{address}: ");
        let is_it = |line: &&String| line.starts_with(&start) && line.contains(outcome);
        outcomes.iter().filter(is_it).count()
    };
    assert_eq!(count(&open.0, "connected after"), 200, "{outcomes:?}");
    assert_eq!(count(&refusing, "refused"), 100, "{outcomes:?}");
    assert_eq!(count(&silent, "no answer within 5s"), 1, "{outcomes:?}");
    assert_eq!(count("127.0.0.1:no-port", "invalid port"), 1, "{outcomes:?}");
    assert_eq!(outcomes.len(), 302);
}

/// It ends when there is nothing left to wait for, long before the deadline.
#[test]
fn does_not_wait_for_nothing() {
    for backend in Backend::available() {
        let open = Open::new();
        let outcomes = outcomes(backend, &["1000000000".to_owned(), open.0.clone()]);
        assert_eq!(outcomes.len(), 1);
        assert!(outcomes[0].contains("connected after"), "{outcomes:?}");
    }
}

/// Who is refused at once takes no place, so the next one is tried without waiting.
#[test]
fn what_fails_at_once_keeps_nobody_waiting() {
    for backend in Backend::available() {
        let mut arguments = vec!["1000000000".to_owned()];
        // No TCP goes to all at once.
        arguments.resize(451, "255.255.255.255:1".to_owned());
        let outcomes = outcomes(backend, &arguments);
        assert_eq!(outcomes.len(), 450, "{outcomes:?}");
    }
}

/// What the deadline finds unfinished is told, the attempts that were never made too.
#[test]
fn the_deadline_is_for_all() {
    for backend in Backend::available() {
        let silent = Silent::new();
        let mut arguments = vec!["0.2".to_owned()];
        arguments.resize(251, silent.address.to_string());
        let outcomes = outcomes(backend, &arguments);
        let told = |outcome| outcomes.iter().filter(|line| line.ends_with(outcome)).count();
        assert_eq!(told("no answer within 200ms"), 200, "{outcomes:?}");
        assert_eq!(told("not tried within 200ms"), 50, "{outcomes:?}");
    }
}

#[test]
fn a_time_that_is_none_is_refused() {
    for backend in Backend::available() {
        for time in ["soon", "-1", "NaN", ""] {
            let mut refused = command("connect_many", backend);
            refused.args([time, "127.0.0.1:1"]);
            let text = refusal(refused);
            assert!(text.contains("connect_many SECONDS ADDRESS"), "{time:?}: {text}");
        }
    }
}

fn outcomes(backend: Backend, arguments: &[String]) -> Vec<String> {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut example = Example::start("connect_many", backend, &arguments);
    let mut outcomes = example.rest();
    let title = outcomes.iter().position(|line| line.starts_with("connecting to ")).unwrap();
    assert!(outcomes.remove(title).ends_with(&format!(" by {backend}")));
    assert!(example.ended_well());
    outcomes
}

/// Somebody who takes all connections.
struct Open(String);

impl Open {
    fn new() -> Open {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || listener.incoming().for_each(drop));
        Open(address)
    }
}

/// A socket that has an address, and does not listen.
fn refusing() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// One whose queue is full, so that who connects gets no answer.
struct Silent {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

impl Silent {
    fn new() -> Silent {
        let (listener, address) = refusing();
        listener.listen(0).unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
            queue.push(stream);
        }
        Silent { address, _listener: listener, _queue: queue }
    }
}
