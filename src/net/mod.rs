//! Sockets that never block: TCP, UDP, and the three kinds of Unix domain sockets.
//!
//! Each is the standard library's socket of that name, made non-blocking and
//! close-on-exec from the one system call that creates it, and wrapped so that a
//! [`Poll`](crate::Poll) can wait for it. Where a call would have to wait, it returns
//! [`WouldBlock`](std::io::ErrorKind::WouldBlock): wait for the event, then try again.
//!
//! All are [`event::Source`](crate::event::Source)s. Use their own methods for I/O, or
//! [`try_io`](TcpStream::try_io) around calls that they lack, such as `recvmsg` by a
//! library for socket control messages: with poll(2) and select(2) this is how omnipoll
//! learns when to look at a socket again.
//!
//! # Rules that hold for all of them
//!
//! - After an event, work until `WouldBlock`. A read that came up short has drained a
//!   stream too, save at TCP's urgent mark (see
//!   [`TcpStream::recv_out_of_band`]) and on a stream that has ended; only `WouldBlock`
//!   is certain.
//! - A conversion from or to the standard library's type, or to a descriptor, changes
//!   no option of the socket. What comes in by [`from_std`](TcpStream::from_std) must
//!   be made non-blocking by you; what goes out stays non-blocking.
//! - Socket options that are not here can be set through the descriptor, which each
//!   type lends by [`AsFd`](std::os::fd::AsFd).
//! - Dropping one deregisters and closes it. While another thread waits in poll(2) or
//!   select(2), the kernel keeps what was closed until that call ends; it is ended at
//!   once, but the peer may see the end of the stream a moment later than `drop` returns,
//!   and an address be taken for as long. So it is under io_uring, wherever another thread
//!   than the one that drops it has waited last.
//! - A listener that has no descriptor left to accept with tells no one who waits:
//!   [`SpareDescriptor`] is for that.
//! - No call raises `SIGPIPE`; writing to a closed peer is a
//!   [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) error.
//!
//! The pages of the manual: [socket(7)], [tcp(7)], [udp(7)], [unix(7)].
//!
//! [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
//! [tcp(7)]: https://man7.org/linux/man-pages/man7/tcp.7.html
//! [udp(7)]: https://man7.org/linux/man-pages/man7/udp.7.html
//! [unix(7)]: https://man7.org/linux/man-pages/man7/unix.7.html

#[cfg_attr(any(unix, wasi), path = "conversions/unix.rs")]
#[cfg_attr(windows, path = "conversions/windows.rs")]
mod conversions;
#[cfg_attr(unix, path = "socket/unix.rs")]
#[cfg_attr(wasi, path = "socket/wasi.rs")]
#[cfg_attr(windows, path = "socket/windows.rs")]
mod socket;
mod spare_descriptor;
mod tcp_listener;
mod tcp_stream;
mod traits;
mod udp_socket;
#[cfg(unix)]
mod unix_address;
#[cfg(unix)]
mod unix_datagram;
#[cfg(unix)]
mod unix_listener;
#[cfg(unix)]
mod unix_stream;

pub use self::spare_descriptor::SpareDescriptor;
pub use self::tcp_listener::TcpListener;
pub use self::tcp_stream::TcpStream;
pub use self::udp_socket::UdpSocket;
#[cfg(unix)]
pub use self::unix_datagram::UnixDatagram;
#[cfg(unix)]
pub use self::unix_listener::UnixListener;
#[cfg(unix)]
pub use self::unix_stream::UnixStream;

pub(crate) use self::conversions::converts;
pub(crate) use self::traits::{owns_descriptor, reads_by_reference, writes_by_reference};
