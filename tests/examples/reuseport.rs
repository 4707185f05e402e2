use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};

use omnipoll::Backend;

use crate::support::{Example, connect};

#[test]
fn the_kernel_gives_each_thread_its_clients() {
    for backend in Backend::available() {
        let mut server = Example::start("reuseport", backend, &["127.0.0.1:0", "3"]);
        let address = server.address(backend);
        let mut clients_of = HashMap::<String, usize>::new();
        let mut clients = Vec::new();
        for number in 0..100 {
            let mut client = BufReader::new(connect(&address));
            let mut thread = String::new();
            client.read_line(&mut thread).unwrap();
            assert!(["thread 1\n", "thread 2\n", "thread 3\n"].contains(&&*thread), "{thread}");
            *clients_of.entry(thread).or_default() += 1;
            clients.push((number, client));
        }
        println!("on {backend}: {clients_of:?}");
        // The chance that a fair hash leaves one out is one in 10^17.
        if cfg!(target_os = "linux") {
            assert_eq!(clients_of.len(), 3);
        }
        // They stay connected, all at the same time.
        for (number, client) in &mut clients {
            client.get_mut().write_all(format!("hello {number}\n").as_bytes()).unwrap();
            let mut echo = String::new();
            client.read_line(&mut echo).unwrap();
            assert_eq!(echo, format!("hello {number}\n"));
        }
        assert!(server.is_running());
    }
}

/// Without a number, there are as many as the machine has processors.
#[test]
fn one_for_each_processor() {
    let processors = std::thread::available_parallelism().unwrap();
    for backend in Backend::available() {
        let mut server = Example::start("reuseport", backend, &["127.0.0.1:0"]);
        let line = server.line();
        assert!(line.ends_with(&format!(" in {processors} threads by {backend}")), "{line}");
    }
}
