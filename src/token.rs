/// The caller's number for a registration, handed back with each of its events.
///
/// omnipoll only stores and returns it. An index into a slab is the usual choice;
/// a pointer works too, since no event of a token is reported by a wait that starts
/// after [`Registry::deregister`] returned.
///
/// On 64-bit Linux the whole number travels through the kernel. One value, which no
/// index and no pointer of the caller's can equal, is kept for the library itself and
/// refused by `register` with [`InvalidInput`].
///
/// # Examples
///
/// ```
/// use omnipoll::Token;
///
/// const LISTENER: Token = Token(0);
/// assert_eq!(usize::from(LISTENER), 0);
/// ```
///
/// [`Registry::deregister`]: crate::Registry::deregister
/// [`InvalidInput`]: std::io::ErrorKind::InvalidInput
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub usize);

impl From<Token> for usize {
    fn from(token: Token) -> usize {
        token.0
    }
}
