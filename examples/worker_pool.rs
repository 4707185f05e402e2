//! Several threads wait on one poll; each event goes to exactly one of them.
//!
//! ```sh
//! cargo run --example worker_pool -- 127.0.0.1:7777
//! ```
//!
//! Talk to it with `nc 127.0.0.1 7777`: each line comes back with the name of the worker
//! that handled it.
//!
//! The trigger is oneshot: after one event a connection sleeps until it is registered
//! again. So while a worker handles it no other can get it, though all of them wait on
//! the same poll, and no lock is ever waited for. This is what EPOLLONESHOT is for.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{env, process, thread};

use omnipoll::net::{TcpListener, TcpStream};
use omnipoll::{Events, Interest, Poll, SharedPoll, Token};

const WORKERS: usize = 4;
const LISTENER: Token = Token(0);
const READ_ONCE: Interest = Interest::READABLE.oneshot();

fn main() {
    if let Err(error) = serve() {
        eprintln!("worker_pool: {error}");
        process::exit(1);
    }
}

fn serve() -> io::Result<()> {
    let mut address = "127.0.0.1:7777".to_owned();
    // Workers have nothing to do with signals.
    let mut builder = Poll::builder().retry_interrupted(true);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--backend" {
            let name = arguments.next().unwrap_or_default();
            builder = builder.backend(name.parse().map_err(io::Error::other)?);
        } else {
            address = argument;
        }
    }
    let poll = builder.build()?;
    let mut listener = TcpListener::bind(address.parse().map_err(io::Error::other)?)?;
    poll.registry().register(&mut listener, LISTENER, READ_ONCE)?;
    println!("listening on {} by {}", listener.local_addr()?, poll.backend());

    let server = Arc::new(Server {
        listener: Mutex::new(listener),
        clients: Mutex::new(HashMap::new()),
        last_token: AtomicUsize::new(LISTENER.0),
    });
    let workers: Vec<_> = (1..=WORKERS)
        .map(|number| {
            let (server, poll) = (Arc::clone(&server), poll.share());
            thread::spawn(move || server.work(&poll, number))
        })
        .collect();
    for worker in workers {
        worker.join().map_err(|_| io::Error::other("a worker panicked"))??;
    }
    Ok(())
}

/// What the workers share. The locks are held for the moment of a look-up, save those of
/// the listener and of a client: and these only the worker with its event takes.
struct Server {
    listener: Mutex<TcpListener>,
    clients: Mutex<HashMap<Token, Arc<Mutex<Client>>>>,
    last_token: AtomicUsize,
}

struct Client {
    stream: TcpStream,
    /// The start of a line whose end has not come yet.
    line: Vec<u8>,
}

impl Server {
    fn work(&self, poll: &SharedPoll, number: usize) -> io::Result<()> {
        // Room for one: an event in hand is one that no idle worker can take.
        let mut events = Events::with_capacity(1);
        loop {
            poll.wait(&mut events, None)?;
            for event in &events {
                if event.token() == LISTENER {
                    self.accept(poll)?;
                } else {
                    self.handle(poll, event.token(), number)?;
                }
            }
        }
    }

    fn accept(&self, poll: &SharedPoll) -> io::Result<()> {
        let mut listener = self.listener.lock().unwrap();
        match listener.accept() {
            Ok((stream, _address)) => {
                let token = Token(self.last_token.fetch_add(1, Ordering::Relaxed) + 1);
                let client = Arc::new(Mutex::new(Client { stream, line: Vec::new() }));
                self.clients.lock().unwrap().insert(token, Arc::clone(&client));
                // Last, for another worker may get its first event at once.
                let stream = &mut client.lock().unwrap().stream;
                poll.registry().register(stream, token, READ_ONCE)?;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => eprintln!("worker_pool: cannot accept: {error}"),
        }
        // If more of them wait, the next event comes at once.
        poll.registry().reregister(&mut *listener, LISTENER, READ_ONCE)
    }

    fn handle(&self, poll: &SharedPoll, token: Token, worker: usize) -> io::Result<()> {
        let Some(client) = self.clients.lock().unwrap().get(&token).map(Arc::clone) else {
            return Ok(());
        };
        let client = &mut *client.lock().unwrap();
        match client.answer(worker) {
            Ok(true) => poll.registry().reregister(&mut client.stream, token, READ_ONCE),
            // It left, or failed: both end it.
            Ok(false) | Err(_) => {
                self.clients.lock().unwrap().remove(&token);
                Ok(())
            }
        }
    }
}

impl Client {
    /// Answers the lines that have come; false if no more will come.
    fn answer(&mut self, worker: usize) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let length = match self.stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        };
        let mut answers = Vec::new();
        for &byte in &buffer[..length] {
            self.line.push(byte);
            if byte == b'\n' {
                write!(answers, "worker {worker}: ")?;
                answers.append(&mut self.line);
            }
        }
        // Short answers to a client that reads them: one that does not is sent away by
        // the `WouldBlock` error. The example tcp_server shows how to wait for it.
        self.stream.write_all(&answers)?;
        Ok(true)
    }
}
