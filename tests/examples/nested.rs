use std::net::UdpSocket;

use omnipoll::{Backend, Poll};

use crate::support::{Example, LIMIT, command, receive, refusal};

#[test]
fn the_outer_loop_serves_both() {
    for backend in Backend::available() {
        let poll = Poll::builder().backend(backend).build().unwrap();
        if poll.fd().is_none() {
            println!("{backend} has no descriptor to nest, and the example says so");
            let mut refused = command("nested", backend);
            refused.arg("127.0.0.1:0");
            assert!(refusal(refused).contains(&format!("{backend} has no descriptor")));
            continue;
        }
        let mut program = Example::start("nested", backend, &["127.0.0.1:0"]);
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(LIMIT)).unwrap();
        peer.connect(program.address(backend)).unwrap();
        for number in 1..=50_u32 {
            peer.send(&number.to_ne_bytes()).unwrap();
            let mut buffer = [0; 8];
            assert_eq!(receive(&peer, &mut buffer), 4);
            assert_eq!(buffer[..4], number.to_ne_bytes());
            if number % 10 == 0 {
                program.say("count");
                assert_eq!(program.line(), format!("{number} datagrams"));
            }
        }
        // Many in one go: what one turn leaves is told again.
        for number in 0..20 {
            peer.send(&[number]).unwrap();
        }
        for number in 0..20 {
            let mut buffer = [0; 8];
            assert_eq!(receive(&peer, &mut buffer), 1);
            assert_eq!(buffer[0], number);
        }
        program.end_input();
        assert!(program.ended_well());
    }
}
