//! The echo server that a user of tokio writes.

use std::io;
use std::net;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use crate::{BUFFER, EchoServer};

/// tokio, on whatever its mio is.
#[derive(Debug)]
pub struct OnTokio;

impl EchoServer for OnTokio {
    fn serve(self, listener: net::TcpListener) -> io::Result<()> {
        Builder::new_current_thread().enable_io().build()?.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                // A connection ends by an error, too: what is left of it is nobody's.
                tokio::spawn(async { echo(stream).await.ok() });
            }
        })
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
