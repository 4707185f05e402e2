//! Several threads wait on one poll; each event goes to exactly one of them.
//!
//! Run it as `cargo run --example worker_pool -- 127.0.0.1:7777`, and talk to it with
//! `nc 127.0.0.1 7777`: each line comes back with the name of the worker that handled it.
//!
//! The trigger is oneshot: after one event a connection sleeps until it is registered again.
//! So while a worker handles it no other can get it, though all of them wait on the same poll,
//! and no lock is held meanwhile. This is what EPOLLONESHOT is for.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Mutex;
use std::{env, net, process, thread};

use omnipoll::net::{SpareDescriptor, TcpStream};
use omnipoll::{Events, Interest, Poll, SharedPoll, Token};

const WORKERS: usize = 4;
const READ_ONCE: Interest = Interest::READABLE.oneshot();

fn main() {
    exit_on_error(serve());
}

fn exit_on_error(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("worker_pool: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let (listener, mut spare) = (net::TcpListener::bind(address)?, SpareDescriptor::new()?);
    let poll = Poll::builder().retry_interrupted(true).build()?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());
    let pool = &Pool { poll: poll.share(), clients: Mutex::default() };
    thread::scope(|scope| {
        for number in 1..=WORKERS {
            scope.spawn(move || exit_on_error(pool.work(number)));
        }
        // This thread waits for nothing else, so it may block.
        for token in (0..).map(Token) {
            // Else it was gone before its turn, or no descriptor was left for it.
            if let Ok(Some((stream, _address))) = spare.accept(|| listener.accept()) {
                exit_on_error(pool.admit(stream, token));
            }
        }
    });
    Ok(())
}

struct Pool {
    poll: SharedPoll,
    /// Those that no worker has taken out, to handle them.
    clients: Mutex<HashMap<Token, Client>>,
}

struct Client {
    stream: TcpStream,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
}

impl Pool {
    /// Any thread may register, also while others wait.
    fn admit(&self, stream: net::TcpStream, token: Token) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut client = Client { stream: TcpStream::from_std(stream), line: Vec::new() };
        // Locked before, for the first event may come at once.
        let mut clients = self.clients.lock().unwrap();
        self.poll.registry().register(&mut client.stream, token, READ_ONCE)?;
        clients.insert(token, client);
        Ok(())
    }

    fn work(&self, number: usize) -> io::Result<()> {
        // Room for one: an event in hand is one that no idle worker can take.
        let mut events = Events::with_capacity(1);
        loop {
            self.poll.wait(&mut events, None)?;
            for event in &events {
                self.handle(event.token(), number)?;
            }
        }
    }

    fn handle(&self, token: Token, worker: usize) -> io::Result<()> {
        let Some(mut client) = self.clients.lock().unwrap().remove(&token) else { return Ok(()) };
        // Else dropping it deregisters and closes it.
        if client.answer(worker) {
            let mut clients = self.clients.lock().unwrap();
            self.poll.registry().reregister(&mut client.stream, token, READ_ONCE)?;
            clients.insert(token, client);
        }
        Ok(())
    }
}

impl Client {
    /// Answers the lines that have come; false if the client is to go.
    fn answer(&mut self, worker: usize) -> bool {
        let mut buffer = [0; 4096];
        let length = match self.stream.read(&mut buffer) {
            Ok(length) => length,
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        };
        let mut answers = Vec::new();
        for &byte in &buffer[..length] {
            self.line.push(byte);
            if byte == b'\n' {
                answers.extend(format!("worker {worker}: ").bytes());
                answers.append(&mut self.line);
            }
        }
        // Whose lines are too long goes, and who leaves no room, for which tcp_server waits.
        length > 0 && self.line.len() < 64 * 1024 && self.stream.write_all(&answers).is_ok()
    }
}
