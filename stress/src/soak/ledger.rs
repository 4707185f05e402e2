//! What each side says of each connection, held against the other's word.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many faults are said in words; the rest is counted.
const SAID: usize = 20;

/// What one side moved on one connection, which has a number that both know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) number: u64,
    /// The client sent, or the server received.
    pub(super) forth: u64,
    /// The server sent, or the client received.
    pub(super) back: u64,
    /// It ended with the last byte, and not before.
    pub(super) orderly: bool,
}

/// Who moved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

/// The sums over all connections that are over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Connections that ended with their last byte.
    pub(super) orderly: u64,
    /// How many bytes each of those sent, had echoed, and received, together.
    pub(super) bytes: u64,
    /// Connections that were reset, or left with bytes under way.
    pub(super) broken: u64,
    /// Connections that the server may not have learnt the number of.
    pub(super) nameless: u64,
    /// What did not add up, and whatever else went wrong.
    pub(super) faults: usize,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// Connections of which one side has spoken.
    open: HashMap<u64, (Side, Account)>,
    totals: Totals,
    /// As the server counts them.
    nameless: u64,
}

impl Ledger {
    pub(super) fn enter(&self, side: Side, account: Account) {
        let book = &mut *self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match book.open.remove(&account.number) {
            None => {
                book.open.insert(account.number, (side, account));
            }
            Some((Side::Client, client)) if side == Side::Server => book.close(client, account),
            Some((Side::Server, server)) if side == Side::Client => book.close(account, server),
            Some((_, twice)) => book.note(&format!("the {side:?} had two of {twice:?}")),
        }
    }

    /// Enters a connection that is to be counted only.
    pub(super) fn enter_nameless(&self, side: Side) {
        let book = &mut *self.book.lock().unwrap_or_else(PoisonError::into_inner);
        match side {
            Side::Client => book.totals.nameless += 1,
            Side::Server => book.nameless += 1,
        }
    }

    pub(super) fn note(&self, fault: &str) {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).note(fault);
    }

    pub(super) fn totals(&self) -> Totals {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).totals
    }

    /// Ends it: whoever has not spoken by now has failed to.
    pub(super) fn finish(&self) -> Totals {
        let book = &mut *self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let silent: Vec<_> = book.open.drain().map(|(_, account)| account).collect();
        for (side, account) in silent {
            book.note(&format!("only the {side:?} knows of {account:?}"));
        }
        let (clients, servers) = (book.totals.nameless, book.nameless);
        if clients != servers {
            book.note(&format!("of {clients} nameless connections the server saw {servers} end"));
        }
        book.totals
    }
}

impl Book {
    fn close(&mut self, client: Account, server: Account) {
        let adds_up = if client.orderly {
            client == server && client.forth == client.back
        } else {
            server.back <= server.forth
                && server.forth <= client.forth
                && client.back <= server.back
        };
        if !adds_up {
            self.note(&format!("it does not add up: {client:?} beside the server's {server:?}"));
        }
        if client.orderly {
            self.totals.orderly += 1;
            self.totals.bytes += client.forth;
        } else {
            self.totals.broken += 1;
        }
    }

    fn note(&mut self, fault: &str) {
        self.totals.faults += 1;
        // At once: a run of hours is watched.
        if self.totals.faults <= SAID {
            eprintln!("fault: {fault}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERLY: Account = Account { number: 6, forth: 100, back: 100, orderly: true };

    /// How many faults two accounts of one connection make.
    fn faults(client: Account, server: Account) -> usize {
        let ledger = Ledger::default();
        ledger.enter(Side::Client, client);
        ledger.enter(Side::Server, server);
        ledger.finish().faults
    }

    #[test]
    fn equal_accounts_add_up() {
        assert_eq!(faults(ORDERLY, ORDERLY), 0);
    }

    #[test]
    fn a_byte_more_or_less_is_a_fault() {
        assert_eq!(faults(ORDERLY, Account { forth: 99, ..ORDERLY }), 1);
        assert_eq!(faults(ORDERLY, Account { back: 101, ..ORDERLY }), 1);
        let short = Account { back: 99, ..ORDERLY };
        assert_eq!(faults(short, short), 1);
    }

    #[test]
    fn an_error_on_one_side_alone_is_a_fault() {
        assert_eq!(faults(ORDERLY, Account { orderly: false, ..ORDERLY }), 1);
    }

    #[test]
    fn what_was_under_way_at_a_reset_may_be_lost_but_not_doubled() {
        let client = Account { back: 40, orderly: false, ..ORDERLY };
        let server = Account { forth: 80, back: 60, ..client };
        assert_eq!(faults(client, server), 0);
        assert_eq!(faults(client, Account { forth: 101, ..server }), 1);
        assert_eq!(faults(client, Account { back: 81, ..server }), 1);
        assert_eq!(faults(client, Account { back: 39, ..server }), 1);
    }

    #[test]
    fn a_side_that_says_nothing_is_a_fault() {
        let ledger = Ledger::default();
        ledger.enter(Side::Client, ORDERLY);
        ledger.enter_nameless(Side::Client);
        assert_eq!(ledger.finish().faults, 2);
    }
}
