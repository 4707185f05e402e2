use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use omnipoll::Backend;

use crate::support::{Example, connect};

#[test]
fn a_line_goes_to_all_others() {
    for backend in Backend::available() {
        let mut server = Example::start("chat_room", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let mut guests = Vec::new();
        for number in 1..=5 {
            guests.push(Guest::new(&address));
            // Else they might come in another order than they are numbered.
            for earlier in &mut guests[..number - 1] {
                assert_eq!(earlier.hear(), format!("guest {number}: (came in)"));
            }
        }
        // The last one is in, too, once somebody hears it.
        for speaker in 1..=5 {
            for line in 0..20 {
                // In two pieces, and the first of them with the end of the line before.
                let text = format!("line {line}\r\nand again {line}");
                guests[speaker - 1].say(text.as_bytes());
                guests[speaker - 1].say(b"\n");
            }
            for (index, guest) in guests.iter_mut().enumerate() {
                if index + 1 == speaker {
                    continue;
                }
                for line in 0..20 {
                    assert_eq!(guest.hear(), format!("guest {speaker}: line {line}\r"));
                    assert_eq!(guest.hear(), format!("guest {speaker}: and again {line}"));
                }
            }
        }
        guests.pop();
        for guest in &mut guests {
            assert_eq!(guest.hear(), "guest 5: (left)");
        }
        assert!(server.is_running());
    }
}

#[test]
fn who_does_not_read_is_shown_out_and_the_others_are_not_kept_waiting() {
    for backend in Backend::available() {
        let mut server = Example::start("chat_room", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let mut speaker = Guest::new(&address);
        let mut asleep = connect(&address);
        assert_eq!(speaker.hear(), "guest 2: (came in)");
        let mut listener = Guest::new(&address);
        assert_eq!(speaker.hear(), "guest 3: (came in)");
        let line = [&[b'x'; 4000][..], b"\n"].concat();
        // More than the kernel and the room keep for one guest.
        for _ in 0..5_000 {
            speaker.say(&line);
            assert_eq!(listener.hear().len(), "guest 1: ".len() + 4000);
        }
        // There is an end, well or ill, to what the sleeper can still read.
        let mut rest = Vec::new();
        match asleep.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert!(rest.len() < 5_000 * 4000, "{} bytes were kept", rest.len());
        assert!(server.is_running());
    }
}

/// A line that does not end is no way to fill the server's memory.
#[test]
fn an_endless_line_ends_the_visit() {
    for backend in Backend::available() {
        let mut server = Example::start("chat_room", backend, &["127.0.0.1:0"]);
        let address = server.address(backend);
        let mut witness = Guest::new(&address);
        let mut babbler = connect(&address);
        assert_eq!(witness.hear(), "guest 2: (came in)");
        // It fails as soon as the server has closed.
        while babbler.write_all(&[b'x'; 64 * 1024]).is_ok() {}
        assert_eq!(witness.hear(), "guest 2: (left)");
        assert!(server.is_running());
    }
}

struct Guest {
    lines: BufReader<TcpStream>,
}

impl Guest {
    fn new(address: &str) -> Guest {
        Guest { lines: BufReader::new(connect(address)) }
    }

    fn say(&mut self, text: &[u8]) {
        self.lines.get_mut().write_all(text).unwrap();
    }

    #[track_caller]
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.strip_suffix('\n').expect("a whole line").to_owned()
    }
}
