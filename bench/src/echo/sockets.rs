//! TCP sockets in the types of each library.

use std::io::{self, Read, Write};
use std::net;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use omnipoll_cli::event_loop::{EventLoop, Registers};
use omnipoll_cli::library::Library;
use omnipoll_cli::raw::{RawEpoll, RawIoUring, RawPoll, RawSelect};
use rustix::net::{SocketFlags, accept_with};

use crate::peers::{CLoop, Mio, Polling};

/// A loop that TCP sockets can be registered in.
pub(crate) trait Serves:
    EventLoop + Registers<<Self as Serves>::Listener> + Registers<<Self as Serves>::Stream>
{
    type Listener: Listener<Stream = <Self as Serves>::Stream>;
    type Stream: Stream;
}

/// A listening socket that does not block.
pub(crate) trait Listener: Sized + 'static {
    type Stream;

    fn from_std(listener: net::TcpListener) -> Self;

    /// The next connection, which does not block either; `None` where there is none yet.
    fn accept_one(&self) -> io::Result<Option<Self::Stream>>;
}

/// A connected socket that does not block.
pub(crate) trait Stream: 'static {
    /// Reads once: how many bytes, or `None` where it would block.
    fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>>;

    fn send_all(&self, bytes: &[u8]) -> io::Result<()>;
}

impl<S: 'static> Stream for S
where
    for<'a> &'a S: Read + Write,
{
    #[inline]
    fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        would_block_is_none((&mut &*self).read(buffer))
    }

    #[inline]
    fn send_all(&self, bytes: &[u8]) -> io::Result<()> {
        // A peer that waits for its answer has emptied the buffer: this never blocks.
        (&mut &*self).write_all(bytes)
    }
}

fn would_block_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// A listener for the loops that are told of descriptors by number: accepts by accept4(2).
pub(crate) struct RawListener(net::TcpListener);

impl Listener for RawListener {
    type Stream = net::TcpStream;

    fn from_std(listener: net::TcpListener) -> RawListener {
        RawListener(listener)
    }

    fn accept_one(&self) -> io::Result<Option<net::TcpStream>> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let accepted = accept_with(&self.0, flags).map_err(io::Error::from);
        Ok(would_block_is_none(accepted)?.map(net::TcpStream::from))
    }
}

impl AsFd for RawListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for RawListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The same for two libraries whose types have the same names.
macro_rules! listener_of {
    ($library:ident) => {
        impl Listener for $library::net::TcpListener {
            type Stream = $library::net::TcpStream;

            fn from_std(listener: net::TcpListener) -> Self {
                $library::net::TcpListener::from_std(listener)
            }

            fn accept_one(&self) -> io::Result<Option<Self::Stream>> {
                Ok(would_block_is_none(self.accept())?.map(|(stream, _)| stream))
            }
        }
    };
}

listener_of!(mio);
listener_of!(omnipoll);

impl Serves for Library {
    type Listener = omnipoll::net::TcpListener;
    type Stream = omnipoll::net::TcpStream;
}

impl Serves for Mio {
    type Listener = mio::net::TcpListener;
    type Stream = mio::net::TcpStream;
}

/// The loops that are told of descriptors by number.
macro_rules! serves_by_number {
    ($($event_loop:ident),*) => {
        $(impl Serves for $event_loop {
            type Listener = RawListener;
            type Stream = net::TcpStream;
        })*
    };
}

serves_by_number!(CLoop, Polling, RawEpoll, RawIoUring, RawPoll, RawSelect);
