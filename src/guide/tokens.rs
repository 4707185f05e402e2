//! How to find what an event is about.
//!
//! A [`Token`] is a number of your choice. It goes in with the registration, and comes back with
//! each event of it; the library does nothing else with it. What it means is yours.
//!
//! # Constants, for the few that are always there
//!
//! ```
//! use omnipoll::Token;
//!
//! const LISTENER: Token = Token(0);
//! const WAKER: Token = Token(1);
//! /// Clients have tokens from here on.
//! const FIRST_CLIENT: usize = 2;
//! ```
//!
//! # A slab, for the many that come and go
//!
//! A map from token to client is right, and was good enough for the first program. An index into a
//! vector is faster. A *slab* is a vector with a list of its free places; the crate `slab` has a
//! good one, and a small one is this:
//!
//! ```
//! use omnipoll::Token;
//!
//! struct Slab<T> {
//!     places: Vec<Option<T>>,
//!     free: Vec<usize>,
//! }
//!
//! impl<T> Slab<T> {
//!     fn insert(&mut self, value: T) -> Token {
//!         match self.free.pop() {
//!             Some(place) => {
//!                 self.places[place] = Some(value);
//!                 Token(place)
//!             }
//!             None => {
//!                 self.places.push(Some(value));
//!                 Token(self.places.len() - 1)
//!             }
//!         }
//!     }
//!
//!     /// None if it has left: an event may be about one that did.
//!     fn get(&mut self, token: Token) -> Option<&mut T> {
//!         self.places.get_mut(token.0)?.as_mut()
//!     }
//!
//!     fn remove(&mut self, token: Token) -> Option<T> {
//!         let value = self.places.get_mut(token.0)?.take()?;
//!         self.free.push(token.0);
//!         Some(value)
//!     }
//! }
//!
//! let mut clients = Slab { places: Vec::new(), free: Vec::new() };
//! let anna = clients.insert("Anna");
//! let ben = clients.insert("Ben");
//! clients.remove(anna);
//! assert_eq!(clients.get(anna), None);
//! assert_eq!(clients.get(ben), Some(&mut "Ben"));
//! // Her place, and her token, are somebody else's now.
//! assert_eq!(clients.insert("Cleo"), anna);
//! ```
//!
//! # When a token may be used again
//!
//! As soon as its source was deregistered or dropped: no wait that begins after that tells of the
//! old one. But the *list of events* that you hold was filled before. Three cases:
//!
//! - You drop the source whose event this is. That is safe: a wait tells of a registration in one
//!   event, with all that it knows.
//! - You drop *another* source, as a proxy does that closes both sides at once. Its event may stand
//!   further down in the list. So look the token up, and go on if nobody is there, as `get` above
//!   has it.
//! - You drop another source, *and give its token to a new one* in the same round, since you also
//!   accept. The event further down is then taken for the newcomer's. As an event is a hint, this
//!   does no harm where a handler tries its I/O and takes `WouldBlock` for an answer. Where it would,
//!   give freed places out after the round only.
//!
//! Where several threads wait, each holds a list: see [`threads`](super::threads).
//!
//! # Pointers, and other numbers
//!
//! A token is a `usize`, all of it; one value that no index and no address can have is kept by the
//! library. So the address of a client's state will do too, as long as that state lives until its
//! source was deregistered and the list of events was gone through. tokio does that.
//!
//! [`Token`]: crate::Token
