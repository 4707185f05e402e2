use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::thread;

use omnipoll::Backend;

use crate::support::{Example, connect};

#[test]
fn answers_every_line_once() {
    for backend in Backend::available() {
        let mut server = Example::start("worker_pool", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
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
