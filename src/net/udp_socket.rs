use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::IoSource;
use crate::net::{owns_descriptor, socket};

/// A UDP socket.
///
/// It is readable when a datagram, or an error about one that was sent, can be
/// received; writable when the system has room for one more to send, which is nearly
/// always.
///
/// A datagram is received whole or not at all: what does not fit the buffer is gone.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use omnipoll::net::UdpSocket;
/// use omnipoll::{Events, Interest, Poll, Token};
///
/// # fn main() -> io::Result<()> {
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
///
/// let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut receiver = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
///
/// sender.send_to(b"hello", receiver.local_addr()?)?;
/// poll.poll(&mut events, None)?;
///
/// let mut buffer = [0; 512];
/// let (length, from) = receiver.recv_from(&mut buffer)?;
/// assert_eq!(&buffer[..length], b"hello");
/// assert_eq!(from, sender.local_addr()?);
/// # Ok(())
/// # }
/// ```
pub struct UdpSocket {
    inner: IoSource<net::UdpSocket>,
}

owns_descriptor!(UdpSocket, net::UdpSocket);

impl UdpSocket {
    /// A socket that receives what is sent to `address`.
    ///
    /// Port 0 asks the system for a free one, which [`local_addr`](Self::local_addr)
    /// then tells. To set options before it is bound, make the socket elsewhere and use
    /// [`from_std`](Self::from_std). See [bind(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, among them [`AddrInUse`](io::ErrorKind::AddrInUse).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [bind(2)]: https://man7.org/linux/man-pages/man2/bind.2.html
    pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
        let socket = socket::new_for(address, socket::SocketType::DGRAM)?;
        socket::bind(&socket, &address)?;
        Ok(UdpSocket::from_std(socket.into()))
    }

    /// Takes a socket of the standard library, which you made non-blocking.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = UdpSocket::from_std(socket);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(socket: net::UdpSocket) -> UdpSocket {
        UdpSocket { inner: IoSource::of_known_kind(socket) }
    }

    /// The address it is bound to. See [getsockname(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, on a descriptor that is no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// println!("send to {}", socket.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address it was [connected](Self::connect) to. See [getpeername(2)].
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) if it was not.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(one.peer_addr().is_err());
    /// one.connect(other.local_addr()?)?;
    /// assert_eq!(one.peer_addr()?, other.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Sends one datagram to `target`, and returns its length: all of `bytes`.
    ///
    /// That it was sent does not say that it arrives. See [sendto(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; a datagram longer
    /// than the protocol allows (`EMSGSIZE`: 65,507 bytes over IPv4); and errors about
    /// earlier datagrams that have come back since.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_eq!(one.send_to(b"hello", other.local_addr()?)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [sendto(2)]: https://man7.org/linux/man-pages/man2/sendto.2.html
    pub fn send_to(&self, bytes: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.inner.write(bytes.len(), |socket| socket::send_to(socket, bytes, &target))
    }

    /// Receives one datagram: its length, and who sent it.
    ///
    /// What does not fit `buffer` is thrown away (Windows reports that as an error).
    /// See [recvfrom(2)].
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits; and, on Linux if it is
    /// connected, [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if an earlier
    /// datagram found nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    ///
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let mut buffer = [0; 512];
    /// let error = other.recv_from(&mut buffer).unwrap_err();
    /// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    ///
    /// one.send_to(b"hello", other.local_addr()?)?;
    /// let (length, sender) = other.recv_from(&mut buffer)?;
    /// assert_eq!((&buffer[..length], sender), (&b"hello"[..], one.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [recvfrom(2)]: https://man7.org/linux/man-pages/man2/recvfrom.2.html
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.receive(|socket| {
            let (length, sender) = socket::receive_from(socket, buffer)?;
            Ok((length, socket::internet_address(sender)?))
        })
    }

    /// Looks at the next datagram without taking it; else as
    /// [`recv_from`](Self::recv_from).
    ///
    /// # Errors
    ///
    /// Those of `recv_from`.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// one.send_to(b"hello", other.local_addr()?)?;
    /// let mut buffer = [0; 512];
    /// let (length, sender) = other.peek_from(&mut buffer)?;
    /// // It is still there.
    /// assert_eq!(other.recv_from(&mut buffer)?, (length, sender));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.peek(|socket| socket.peek_from(buffer))
    }

    /// Sends one datagram to the address it is [connected](Self::connect) to.
    ///
    /// See [send(2)].
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Self::send_to), and `EDESTADDRREQ` if it is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// one.connect(other.local_addr()?)?;
    /// assert_eq!(one.send(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [send(2)]: https://man7.org/linux/man-pages/man2/send.2.html
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes.len(), |socket| socket::send(socket, bytes))
    }

    /// Receives one datagram, and returns its length: which can be 0.
    ///
    /// What does not fit `buffer` is thrown away. On a [connected](Self::connect)
    /// socket only datagrams of the peer come. See [recv(2)].
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Self::recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// one.send_to(b"", other.local_addr()?)?;
    /// // An empty datagram is one, and no end.
    /// assert_eq!(other.recv(&mut [0; 16])?, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [recv(2)]: https://man7.org/linux/man-pages/man2/recv.2.html
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.receive(|socket| socket::receive(socket, buffer))
    }

    /// Looks at the next datagram without taking it; else as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// Those of `recv`.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// one.send_to(b"hello", other.local_addr()?)?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(other.peek(&mut buffer)?, 5);
    /// assert_eq!(other.recv(&mut buffer)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.peek(|socket| socket.peek(buffer))
    }

    /// Sets the one peer of this socket: where [`send`](Self::send) sends to, and from
    /// whom alone datagrams are taken.
    ///
    /// Nothing is sent, and nobody asked. It can be called again, for another peer. See
    /// [connect(2)].
    ///
    /// # Errors
    ///
    /// Those of the system, such as an address of the other IP version.
    ///
    /// # Examples
    ///
    /// ```
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let other = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// one.connect(other.local_addr()?)?;
    /// assert_eq!(one.send(b"hello")?, 5);
    ///
    /// let mut buffer = [0; 16];
    /// assert_eq!(other.peek_from(&mut buffer)?, (5, one.local_addr()?));
    /// assert_eq!(other.recv(&mut buffer)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.inner.connect(peer)
    }

    /// Whether datagrams may go to a broadcast address: `SO_BROADCAST` of [socket(7)].
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(!socket.broadcast()?);
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.inner.set_broadcast(broadcast)
    }

    /// What [`set_broadcast`](Self::set_broadcast) set; false on a new socket.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(!socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        self.inner.broadcast()
    }

    /// Whether multicast datagrams that it sends come to listeners on this machine too:
    /// `IP_MULTICAST_LOOP` of [ip(7)]. True on a new socket.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn set_multicast_loop_v4(&self, looped: bool) -> io::Result<()> {
        self.inner.set_multicast_loop_v4(looped)
    }

    /// What [`set_multicast_loop_v4`](Self::set_multicast_loop_v4) set.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.inner.multicast_loop_v4()
    }

    /// Sets how many routers a multicast datagram may pass: `IP_MULTICAST_TTL` of
    /// [ip(7)]. It is 1 on a new socket: the local network only.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) above 255.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// socket.set_multicast_ttl_v4(4)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.inner.set_multicast_ttl_v4(ttl)
    }

    /// What [`set_multicast_ttl_v4`](Self::set_multicast_ttl_v4) set.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.inner.multicast_ttl_v4()
    }

    /// Whether multicast datagrams that it sends come to listeners on this machine too:
    /// `IPV6_MULTICAST_LOOP` of [ipv6(7)]. True on a new socket.
    ///
    /// # Errors
    ///
    /// Those of the system, on an IPv4 socket too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let Ok(socket) = UdpSocket::bind("[::1]:0".parse().unwrap()) else {
    /// #     // A machine without IPv6.
    /// #     return Ok(());
    /// # };
    /// socket.set_multicast_loop_v6(false)?;
    /// assert!(!socket.multicast_loop_v6()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ipv6(7)]: https://man7.org/linux/man-pages/man7/ipv6.7.html
    pub fn set_multicast_loop_v6(&self, looped: bool) -> io::Result<()> {
        self.inner.set_multicast_loop_v6(looped)
    }

    /// What [`set_multicast_loop_v6`](Self::set_multicast_loop_v6) set.
    ///
    /// # Errors
    ///
    /// Those of the system, on an IPv4 socket too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let Ok(socket) = UdpSocket::bind("[::1]:0".parse().unwrap()) else {
    /// #     // A machine without IPv6.
    /// #     return Ok(());
    /// # };
    /// assert!(socket.multicast_loop_v6()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.inner.multicast_loop_v6()
    }

    /// Sets how many routers a datagram may pass: `IP_TTL` of [ip(7)], for IPv4.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) unless it is from 1 to 255.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// socket.set_ttl(32)?;
    /// assert_eq!(socket.ttl()?, 32);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner.set_ttl(ttl)
    }

    /// How many routers a datagram may pass, as [`set_ttl`](Self::set_ttl) set it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.ttl()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// Joins the multicast group `group`, on the network that has this machine's
    /// address `interface`: any that the system likes, if that is `0.0.0.0`.
    ///
    /// `IP_ADD_MEMBERSHIP` of [ip(7)]. The membership ends with
    /// [`leave_multicast_v4`](Self::leave_multicast_v4) or the socket.
    ///
    /// # Errors
    ///
    /// Those of the system: an address that is no group's, no such interface, or a group
    /// that was joined before ([`AddrInUse`](io::ErrorKind::AddrInUse)).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// # use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("0.0.0.0:0".parse().unwrap())?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.inner.join_multicast_v4(group, interface)
    }

    /// Joins the multicast group `group`, on the network interface of index
    /// `interface`: any that the system likes, if that is 0.
    ///
    /// `IPV6_ADD_MEMBERSHIP` of [ipv6(7)].
    ///
    /// # Errors
    ///
    /// As for [`join_multicast_v4`](Self::join_multicast_v4).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::net::Ipv6Addr;
    ///
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:5353".parse().unwrap())?;
    /// let everyone = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    /// // 0 leaves the choice of the interface to the system.
    /// socket.join_multicast_v6(&everyone, 0)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ipv6(7)]: https://man7.org/linux/man-pages/man7/ipv6.7.html
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.inner.join_multicast_v6(group, interface)
    }

    /// Leaves a group that was joined with the same two addresses.
    ///
    /// # Errors
    ///
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if it was not.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::net::Ipv4Addr;
    ///
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("0.0.0.0:5353".parse().unwrap())?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
    /// socket.leave_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.inner.leave_multicast_v4(group, interface)
    }

    /// Leaves a group that was joined with the same address and index.
    ///
    /// # Errors
    ///
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable) if it was not.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::net::Ipv6Addr;
    ///
    /// use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("[::]:5353".parse().unwrap())?;
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    /// socket.join_multicast_v6(&group, 0)?;
    /// socket.leave_multicast_v6(&group, 0)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.inner.leave_multicast_v6(group, interface)
    }

    /// Whether an IPv6 socket leaves IPv4 alone: `IPV6_V6ONLY` of [ipv6(7)].
    ///
    /// # Errors
    ///
    /// Those of the system, on an IPv4 socket too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let Ok(socket) = UdpSocket::bind("[::1]:0".parse().unwrap()) else {
    /// #     // A machine without IPv6.
    /// #     return Ok(());
    /// # };
    /// println!("IPv6 only: {}", socket.only_v6()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [ipv6(7)]: https://man7.org/linux/man-pages/man7/ipv6.7.html
    pub fn only_v6(&self) -> io::Result<bool> {
        socket::only_v6(&*self.inner)
    }

    /// The error that waits on the socket, which this takes off it: `SO_ERROR` of
    /// [socket(7)].
    ///
    /// # Errors
    ///
    /// Those of asking; what was asked for is in the `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use omnipoll::net::UdpSocket;
    /// # fn main() -> std::io::Result<()> {
    /// # let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [socket(7)]: https://man7.org/linux/man-pages/man7/socket.7.html
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Runs `f`, which tries I/O on this socket by calls of its own, and returns what
    /// it returns.
    ///
    /// With poll(2) and select(2), a socket whose I/O omnipoll does not see gets no
    /// further events; so I/O through the descriptor belongs in here: `recvmmsg`, or
    /// segmentation offload by a library for it. `f` should return
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) only if the system did.
    ///
    /// # Errors
    ///
    /// Those of `f`, unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::os::fd::AsFd;
    /// # use omnipoll::net::UdpSocket;
    ///
    /// # fn main() -> io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let mut buffer = [0; 64];
    /// let result = socket.try_io(|| Ok(rustix::io::read(socket.as_fd(), &mut buffer)?));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.do_io(|_| f())
    }
}

impl From<UdpSocket> for net::UdpSocket {
    /// Ends the registration; the socket stays non-blocking.
    fn from(socket: UdpSocket) -> net::UdpSocket {
        socket.inner.into_inner()
    }
}
