//! The echo server that a user of tokio-uring writes.

use std::io;
use std::net;

use echo_child::{BUFFER, EchoServer};
use tokio_uring::buf::BoundedBuf;
use tokio_uring::net::{TcpListener, TcpStream};

/// tokio-uring.
pub(super) struct OnTokioUring;

impl EchoServer for OnTokioUring {
    fn serve(self, listener: net::TcpListener) -> io::Result<()> {
        tokio_uring::start(async {
            let listener = TcpListener::from_std(listener);
            loop {
                let (stream, _) = listener.accept().await?;
                tokio_uring::spawn(async { echo(stream).await.ok() });
            }
        })
    }
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let (count, read) = stream.read(buffer).await;
        let count = count?;
        if count == 0 {
            return Ok(());
        }
        let (result, written) = stream.write_all(read.slice(..count)).await;
        result?;
        buffer = written.into_inner();
    }
}
