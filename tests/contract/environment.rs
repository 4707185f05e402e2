//! The choice of a backend: by name, by the environment, or by what is best.

use std::io::ErrorKind;

use omnipoll::{Backend, Events, Poll, Support};

use crate::support::alone;

fn by_name(backend: Backend) {
    let poll = Poll::builder().backend(backend).build().unwrap();
    assert_eq!(poll.backend(), backend);
    assert_eq!(backend.to_string(), backend.name());
    assert_eq!(backend.name().parse(), Ok(backend));
    assert_eq!(backend.name().to_uppercase().parse(), Ok(backend));
    assert!(Backend::available().contains(&backend));
}

fn by_the_environment(backend: Backend) {
    alone(&[("OMNIPOLL_BACKEND", backend.name())], || {
        assert_eq!(Poll::new().unwrap().backend(), backend);
        // What the program says counts more.
        let other = Backend::ALL[0];
        assert_eq!(Poll::builder().backend(other).build().unwrap().backend(), other);
    });
}

fn wrong_names_are_refused(backend: Backend) {
    let name = format!("{backend}x");
    alone(&[("OMNIPOLL_BACKEND", &name)], || {
        let error = Poll::new().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = error.to_string();
        assert!(text.contains(&format!("OMNIPOLL_BACKEND={name}")), "{text}");
        assert!(text.contains(backend.name()), "{text}");
        // Who chooses does not depend on it.
        assert!(Poll::builder().backend(backend).build().is_ok());
    });
    assert!(name.parse::<Backend>().is_err());
    assert!("".parse::<Backend>().is_err());
}

fn an_empty_name_is_none(_: Backend) {
    alone(&[("OMNIPOLL_BACKEND", "")], || {
        assert_eq!(Poll::new().unwrap().backend(), Backend::available()[0]);
    });
}

fn capabilities_are_told(backend: Backend) {
    let poll = Poll::builder().backend(backend).build().unwrap();
    let told = poll.capabilities();
    let is_epoll = matches!(backend, Backend::Epoll | Backend::IoUring);
    assert_eq!(told.edge == Support::Native, is_epoll);
    assert_eq!(told.exclusive == Support::Native, is_epoll);
    assert_eq!(told.descriptor == Support::Native, is_epoll);
    assert_ne!(told.level, Support::Absent);
    assert_ne!(told.oneshot, Support::Absent);
    assert_eq!(told.hang_up == Support::Absent, backend == Backend::Select);
    // To ask changes nothing.
    assert_eq!(poll.capabilities(), told);
    let mut poll = poll;
    poll.poll(&mut Events::with_capacity(1), Some(std::time::Duration::from_nanos(1))).unwrap();
    assert_eq!(poll.capabilities(), told);
}

promises! {
    in any:
        by_name, by_the_environment, wrong_names_are_refused, an_empty_name_is_none,
        capabilities_are_told;
}
