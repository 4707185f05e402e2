//! The choice of a backend: by name, by the environment, or by what is best.

use std::io::ErrorKind;
use std::time::Duration;

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
        let other = Backend::available()[0];
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

fn what_is_not_here_is_refused(_: Backend) {
    let Some(absent) = Backend::ALL.iter().find(|backend| !backend.is_available()) else { return };
    alone(&[("OMNIPOLL_BACKEND", absent.name())], || {
        let error = Poll::new().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let text = error.to_string();
        // Who did not set the variable learns of it.
        assert!(text.starts_with(&format!("OMNIPOLL_BACKEND={absent}: ")), "{text}");
    });
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
    let is_kqueue = backend == Backend::Kqueue;
    assert_eq!(told.edge == Support::Native, is_epoll || is_kqueue);
    assert_eq!(told.exclusive == Support::Native, is_epoll);
    let has_descriptor = is_epoll || (is_kqueue && !cfg!(omnipoll_libkqueue));
    assert_eq!(told.descriptor == Support::Native, has_descriptor);
    assert_ne!(told.level, Support::Absent);
    assert_ne!(told.oneshot, Support::Absent);
    assert_eq!(told.hang_up == Support::Absent, backend == Backend::Select);
    // To ask changes nothing.
    assert_eq!(poll.capabilities(), told);
    let mut poll = poll;
    poll.poll(&mut Events::with_capacity(1), Some(Duration::from_nanos(1))).unwrap();
    assert_eq!(poll.capabilities(), told);
}

/// What is opened only to find out is closed where it interrupts nobody.
fn to_ask_interrupts_no_wait(backend: Backend) {
    let mut poll = Poll::builder().backend(backend).build().unwrap();
    let mut events = Events::with_capacity(1);
    for _ in 0..10 {
        let available = Backend::available();
        for &other in Backend::ALL.iter().filter(|other| !available.contains(other)) {
            assert!(Poll::builder().backend(other).build().is_err());
        }
        assert!(backend.is_available());
        assert_ne!(poll.capabilities().level, Support::Absent);
        poll.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
    }
}

promises! {
    in any:
        by_name, by_the_environment, wrong_names_are_refused, what_is_not_here_is_refused,
        an_empty_name_is_none, capabilities_are_told, to_ask_interrupts_no_wait;
}
