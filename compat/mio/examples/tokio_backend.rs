//! A tokio program that says which mechanism carries it.
//!
//! ```sh
//! cargo run -p mio --example tokio_backend
//! OMNIPOLL_BACKEND=select cargo run -p mio --example tokio_backend
//! ```
//!
//! tokio is built on mio. This package stands in mio's place, by lines in the manifest:
//!
//! ```toml
//! [patch.crates-io]
//! mio = { path = "omnipoll/compat/mio" }
//! ```
//!
//! The server and the client below are like those in tokio's documentation: nothing in them
//! knows of the change. How to tell what carries them:
//!
//! - A poll that is opened now is on the same mechanism as tokio's, since both choose in the
//!   same way. (`cargo tree --invert mio` shows whether tokio has this package.)
//! - On Linux, /proc/self/fd shows what the runtime has open. epoll and io_uring are
//!   descriptors; poll and select are only calls. An epoll that is open all the same stands
//!   beside them, for edges that those calls do not see.

use std::io;
use std::time::Duration;
use std::{fs, process};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time;

fn main() {
    if let Err(error) = run() {
        eprintln!("tokio_backend: {error}");
        process::exit(1);
    }
}

fn run() -> io::Result<()> {
    println!("carried by {}", mio::Poll::new()?.backend());
    let runtime = Runtime::new()?;
    for name in descriptors_of_the_kernel() {
        println!("open: {name}");
    }
    let echoed = runtime.block_on(async {
        // A loop that loses an event waits for ever, and this says so instead.
        time::timeout(Duration::from_secs(10), converse()).await
    });
    println!("{} bytes came back", echoed??);
    Ok(())
}

/// What has no path: the mechanisms, and descriptors to be woken by.
fn descriptors_of_the_kernel() -> Vec<String> {
    let Ok(descriptors) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let mut names: Vec<_> = targets
        .filter_map(|target| target.to_str()?.strip_prefix("anon_inode:").map(str::to_owned))
        .collect();
    names.sort_unstable();
    names
}

/// Sends a text to an echo server, and returns how much came back.
async fn converse() -> io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let server = tokio::spawn(async move {
        let (mut stream, _address) = listener.accept().await?;
        let (mut reading, mut writing) = stream.split();
        tokio::io::copy(&mut reading, &mut writing).await
    });
    let text = b"is there an echo?";
    client.write_all(text).await?;
    client.shutdown().await?;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await?;
    server.await??;
    if answer == text { Ok(answer.len()) } else { Err(io::Error::other("another text came back")) }
}
