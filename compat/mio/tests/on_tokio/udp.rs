//! UDP.

use tokio::net::UdpSocket;

use crate::on_both_runtimes;

#[test]
#[ignore = "a scenario"]
fn datagrams_go_back_and_forth() {
    on_both_runtimes(async || {
        let one = UdpSocket::bind("127.0.0.1:0").await?;
        let other = UdpSocket::bind("127.0.0.1:0").await?;
        one.connect(other.local_addr()?).await?;
        let answering = tokio::spawn(async move {
            let mut buffer = [0; 64];
            loop {
                let (length, from) = other.recv_from(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                other.send_to(&buffer[..length], from).await.unwrap();
            }
        });
        let mut buffer = [0; 64];
        for number in 0..1_000_u32 {
            one.send(&number.to_le_bytes()).await?;
            assert_eq!(one.recv(&mut buffer).await?, 4);
            assert_eq!(buffer[..4], number.to_le_bytes());
        }
        one.send(b"").await?;
        answering.await?;
        Ok(())
    });
}

/// Several are there at one event: none may be forgotten.
#[test]
#[ignore = "a scenario"]
fn a_burst_is_received_one_by_one() {
    on_both_runtimes(async || {
        let sender = UdpSocket::bind("127.0.0.1:0").await?;
        let receiver = UdpSocket::bind("127.0.0.1:0").await?;
        let address = receiver.local_addr()?;
        for _ in 0..20 {
            for number in 0..20_u8 {
                sender.send_to(&[number], address).await?;
            }
            for number in 0..20_u8 {
                let mut buffer = [0; 64];
                assert_eq!(receiver.recv(&mut buffer).await?, 1);
                assert_eq!(buffer[0], number);
            }
        }
        Ok(())
    });
}

#[test]
#[ignore = "a scenario"]
fn a_peek_leaves_the_datagram() {
    on_both_runtimes(async || {
        let sender = UdpSocket::bind("127.0.0.1:0").await?;
        let receiver = UdpSocket::bind("127.0.0.1:0").await?;
        let address = receiver.local_addr()?;
        let mut buffer = [0; 64];
        for _ in 0..20 {
            let sending = sender.send_to(b"look", address);
            let (sent, seen) = tokio::join!(sending, receiver.peek(&mut buffer));
            assert_eq!((sent?, seen?), (4, 4));
            assert_eq!(receiver.recv(&mut buffer).await?, 4);
        }
        Ok(())
    });
}
