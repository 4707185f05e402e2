//! The four features of mio, which switch nothing here.
//!
//! | feature | in mio | in omnipoll |
//! |---|---|---|
//! | `os-poll` | [`Poll`](crate::Poll), [`Registry`](crate::Registry), [`Waker`](crate::Waker) | always there |
//! | `os-ext` | [`unix`](crate::unix), [`IoSource`](crate::IoSource) | always there |
//! | `net` | [`net`](crate::net) | always there |
//! | `log` | messages through the crate `log` | nothing: errors are returned, none is logged |
//!
//! They exist so that a dependency on mio can be renamed and keep its list of features:
//!
//! ```toml
//! [dependencies]
//! omnipoll = { version = "0.1", features = ["os-poll", "net"] }
//! ```
//!
//! All four are on by default. Turning them off takes nothing away, neither code nor
//! dependencies: what a program does not use, the linker drops.
