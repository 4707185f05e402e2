//! The echo server that a user of monoio writes.

use std::io;
use std::net;

use echo_child::{BUFFER, EchoServer};
use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, RuntimeBuilder};

/// monoio, on io_uring.
pub(super) struct OnMonoio;

impl EchoServer for OnMonoio {
    fn serve(self, listener: net::TcpListener) -> io::Result<()> {
        RuntimeBuilder::<IoUringDriver>::new().build()?.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                monoio::spawn(async { echo(stream).await.ok() });
            }
        })
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    loop {
        let (count, read) = stream.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        let (result, written) = stream.write_all(read).await;
        result?;
        buffer = written;
        buffer.clear();
    }
}
