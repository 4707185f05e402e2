//! The echo server that a user of compio writes.

use std::io;
use std::net;

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};
use compio::runtime::{Runtime, spawn};
use echo_child::{BUFFER, EchoServer};

/// compio, on io_uring.
pub(super) struct OnCompio;

impl EchoServer for OnCompio {
    fn serve(self, listener: net::TcpListener) -> io::Result<()> {
        Runtime::new()?.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                spawn(async { echo(stream).await.ok() }).detach();
            }
        })
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    loop {
        let BufResult(count, read) = stream.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        let BufResult(result, written) = stream.write_all(read).await;
        result?;
        buffer = written;
        buffer.clear();
    }
}
