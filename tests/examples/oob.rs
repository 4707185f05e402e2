use std::io::Write;

use omnipoll::Backend;
use socket2::Socket;

use crate::support::{Example, command, connect, refusal};

#[test]
fn two_of_them_talk() {
    for backend in Backend::available() {
        let mut listener = Example::start("oob", backend, &["listen", "127.0.0.1:0"]);
        let address = listener.address(backend);
        let mut sender = Example::start("oob", backend, &["send", &address]);
        let mut heard = Heard::default();
        for number in 0..20 {
            let letter = char::from(b'a' + number);
            sender.say(&format!("before {number}!{letter}after {number}"));
            heard.normal_wanted += &format!("before {number}(the mark)after {number}\n");
            heard.urgent_wanted.push(letter);
            // Of two urgent bytes on the way, only one would be told as such.
            while !heard.is_all() {
                heard.hear(&listener.line());
            }
        }
        sender.say("no more!");
        heard.normal_wanted += "no more\n";
        sender.end_input();
        assert!(sender.ended_well());
        listener.rest().iter().for_each(|line| heard.hear(line));
        assert!(heard.is_all());
        assert!(listener.ended_well());
    }
}

/// The urgent byte alone, with no normal data to wake the listener.
#[test]
fn an_urgent_byte_is_an_event_of_its_own() {
    for backend in Backend::available() {
        let mut listener = Example::start("oob", backend, &["listen", "127.0.0.1:0"]);
        let peer = Socket::from(connect(&listener.address(backend)));
        for letter in "xyz".chars() {
            peer.send_out_of_band(letter.to_string().as_bytes()).unwrap();
            assert_eq!(listener.line(), format!("urgent: {letter:?}"));
        }
        (&peer).write_all(b"bye").unwrap();
        drop(peer);
        assert_eq!(listener.rest(), ["(the mark)", "normal: \"bye\""]);
    }
}

#[test]
fn it_has_two_sides() {
    for backend in Backend::available() {
        let text = refusal(command("oob", backend));
        assert!(text.contains("which side?"), "{text}");
    }
}

/// What the listener has shown, with the mark in its place.
#[derive(Default)]
struct Heard {
    normal: String,
    normal_wanted: String,
    urgent: String,
    urgent_wanted: String,
}

impl Heard {
    fn hear(&mut self, line: &str) {
        if let Some(letter) = line.strip_prefix("urgent: ") {
            self.urgent += letter.trim_matches('\'');
        } else if let Some(text) = line.strip_prefix("normal: ") {
            self.normal += &text.trim_matches('"').replace("\\n", "\n");
        } else {
            self.normal += line;
        }
        assert!(self.normal_wanted.starts_with(&self.normal), "{}", self.normal);
        assert!(self.urgent_wanted.starts_with(&self.urgent), "{}", self.urgent);
    }

    fn is_all(&self) -> bool {
        self.normal == self.normal_wanted && self.urgent == self.urgent_wanted
    }
}
