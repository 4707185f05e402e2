//! HTTP by hyper, server and clients: what most programs that are built on mio do.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::{on_both_runtimes, pattern};

/// Each of them is kept alive for all of its requests.
const CONNECTIONS: usize = 16;
const REQUESTS_EACH: usize = 64;

/// The longest body, in bytes; the shortest is empty.
const LONGEST: usize = 200_000;

#[test]
#[ignore = "a scenario"]
fn every_body_of_two_thousand_requests_comes_back() {
    on_both_runtimes(async || {
        let (address, server) = serve().await?;
        let bytes = Bytes::from(pattern(2 * LONGEST));
        let mut clients = JoinSet::new();
        for client in 0..CONNECTIONS {
            let bytes = bytes.clone();
            clients.spawn(async move {
                let mut sender = connect(address).await.unwrap();
                for request in 0..REQUESTS_EACH {
                    let number = client * REQUESTS_EACH + request;
                    // A few lengths come often: none, a byte, and the longest.
                    let length = match number % 8 {
                        0 => 0,
                        1 => 1,
                        2 => LONGEST,
                        _ => number * 7_919 % LONGEST,
                    };
                    let start = number * 104_729 % LONGEST;
                    exchange(&mut sender, bytes.slice(start..start + length)).await.unwrap();
                }
            });
        }
        while let Some(client) = clients.join_next().await {
            client?;
        }
        server.abort();
        Ok(())
    });
}

/// Sends `bytes`, and sees that they come back, piece by piece.
async fn exchange(sender: &mut SendRequest<Pieces>, bytes: Bytes) -> hyper::Result<()> {
    sender.ready().await?;
    let request = Request::post("/echo").header("host", "localhost");
    let request = request.body(Pieces { left: bytes.clone() }).expect("it is well formed");
    let response = sender.send_request(request).await?;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        assert!(bytes[received..].starts_with(&piece), "wrong from {received}");
        received += piece.len();
    }
    assert_eq!(received, bytes.len());
    Ok(())
}

async fn connect(address: SocketAddr) -> io::Result<SendRequest<Pieces>> {
    let stream = TcpStream::connect(address).await?;
    // Else the pieces wait for the acknowledgement of the one before.
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move { connection.await.unwrap() });
    Ok(sender)
}

/// A server that sends back each body while it still comes in.
async fn serve() -> io::Result<(SocketAddr, AbortHandle)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let service = service_fn(async |request: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new(request.into_body()))
            });
            tokio::spawn(async move {
                let builder = hyper::server::conn::http1::Builder::new();
                builder.serve_connection(TokioIo::new(stream), service).await.unwrap();
            });
        }
    });
    Ok((address, accepting.abort_handle()))
}

/// A body that comes in pieces, and whose length nobody is told.
struct Pieces {
    left: Bytes,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.left.len().min(1 + self.left.len() % 20_011);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }
}
