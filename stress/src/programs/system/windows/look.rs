#![allow(unsafe_code)]

use std::os::windows::io::AsRawSocket;

use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLHUP, POLLRDBAND, POLLRDNORM, POLLWRNORM, SOCKET, WSAPOLLFD, WSAPoll,
};

use crate::programs::directions::Directions;
use crate::programs::end::End;
use crate::programs::model::Ready;

/// Asks the system, which is the one that knows, what each of `ends` is ready for.
pub(crate) fn look(ends: &[&End]) -> Vec<Ready> {
    let events = POLLRDNORM | POLLRDBAND | POLLWRNORM;
    let mut asked: Vec<_> = ends
        .iter()
        .map(|end| WSAPOLLFD { fd: end.as_raw_socket() as SOCKET, events, revents: 0 })
        .collect();
    if !asked.is_empty() {
        // SAFETY: the pointer and the length are those of one vector, in which the call fills
        // the last field of each.
        let found = unsafe { WSAPoll(asked.as_mut_ptr(), asked.len() as u32, 0) };
        assert!(found >= 0, "sockets that are open can be asked");
    }
    asked.iter().map(answer_of).collect()
}

fn answer_of(asked: &WSAPOLLFD) -> Ready {
    let found = |events| asked.revents & events != 0;
    let directions = Directions {
        read: found(POLLRDNORM | POLLHUP | POLLERR),
        write: found(POLLWRNORM | POLLERR),
        urgent: found(POLLRDBAND),
    };
    Ready { directions, is_closing: found(POLLHUP | POLLERR) }
}
