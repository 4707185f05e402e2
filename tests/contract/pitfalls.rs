//! What broke in other libraries of this kind, and the promise that would catch it here.

use Answer::{DoesNotApply, Elsewhere, Promises, PromisesAnd};

/// One such case.
pub(crate) struct Pitfall {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) answer: Answer,
}

/// Where a case is tested, or why it is not.
pub(crate) enum Answer {
    /// By promises of this suite.
    Promises(&'static [&'static str]),
    /// By promises of this suite in most runs; and by tests outside of it in every run, where
    /// it takes one order of threads in many, or more than can be seen from outside.
    PromisesAnd(&'static [&'static str], &'static str),
    /// By a test outside of it.
    Elsewhere(&'static str),
    DoesNotApply(&'static str),
}

pub(crate) const PITFALLS: &[Pitfall] = &[
    Pitfall {
        id: "TO-1",
        what: "a wait below a millisecond becomes none",
        answer: Promises(&[
            "time::no_early_return",
            "time::no_spin_at_the_end",
            "refusals::nanoseconds_refused",
            "refusals::nanoseconds_refused_later",
        ]),
    },
    Pitfall {
        id: "TO-2",
        what: "a long wait is cut short",
        answer: Promises(&["time::long_timeouts_last", "time::far_deadline"]),
    },
    Pitfall {
        id: "TO-3",
        what: "a wait of zero blocks, one without a limit does not",
        answer: Promises(&["time::zero_looks_and_returns", "time::an_event_ends_it"]),
    },
    Pitfall {
        id: "TO-4",
        what: "a wait ends early",
        answer: Promises(&[
            "time::a_thousand_waits",
            "time::no_early_return",
            "time::several_timeouts",
        ]),
    },
    Pitfall {
        id: "TO-5",
        what: "a signal begins the wait anew, or swallows a wake-up",
        answer: Promises(&[
            "signals::every_wait_sits_out_a_storm",
            "signals::every_wait_tells_of_a_storm",
            "signals::leaders_and_followers_in_a_storm",
            "signals::several_timeouts_in_a_storm",
            "time::a_signal_interrupts",
            "time::a_storm_is_sat_out",
            "time::a_late_signal_adds_nothing",
            "waking::in_a_storm",
        ]),
    },
    Pitfall {
        id: "TO-6",
        what: "a clock that jumps or sleeps moves a deadline",
        answer: Elsewhere("`tests/clock.rs`: no wait looks at the clock that can be set"),
    },
    Pitfall {
        id: "TO-7",
        what: "it wakes with nothing to do",
        answer: Promises(&["time::idle_costs_nothing", "time::the_same_timeout_twice"]),
    },
    Pitfall {
        id: "TO-8",
        what: "timers in the wrong order, or late",
        answer: DoesNotApply("no timer source yet"),
    },
    Pitfall {
        id: "EV-1",
        what: "a wait adds to the list, or clears it though it failed",
        answer: Promises(&[
            "time::the_list_is_cleared",
            "time::the_list_is_cleared_by_a_failure",
            "signals::every_wait_tells_of_a_storm",
        ]),
    },
    Pitfall {
        id: "EV-2",
        what: "a list with room for none, for one, for very many",
        answer: Promises(&[
            "fairness::no_room_at_all_is_refused",
            "fairness::what_found_no_room_comes_later",
            "fairness::large_lists",
        ]),
    },
    Pitfall {
        id: "EV-3",
        what: "a busy source keeps others out of a small list",
        answer: Promises(&[
            "fairness::levels_take_turns",
            "fairness::all_kinds_take_turns",
            "fairness::busy_source_and_a_waker",
        ]),
    },
    Pitfall {
        id: "RG-1",
        what: "events of a closed descriptor go to its successor",
        answer: PromisesAnd(
            &[
                "barrier::with_the_number_used_again",
                "barrier::within_one_list_of_events",
                "registration::number_used_again",
                "files::a_number_used_again",
            ],
            "`a_newcomer_does_not_inherit` and `deregistering_is_a_barrier` of `src/backend/interleavings/`",
        ),
    },
    Pitfall {
        id: "RG-2",
        what: "an event after deregistering",
        answer: Promises(&[
            "barrier::with_the_number_used_again",
            "barrier::with_dropped_sources",
            "storms::no_dead_token_is_told",
        ]),
    },
    Pitfall {
        id: "RG-3",
        what: "registered twice, or changed though unknown",
        answer: Promises(&[
            "registration::twice_is_refused",
            "registration::unknown_is_not_found",
            "registration::closed_descriptor_is_refused",
            "registration::typed_and_raw_are_one",
            "registration::typed_and_closed_behind_the_back",
            "registration::number_used_again",
        ]),
    },
    Pitfall {
        id: "RG-4",
        what: "a change does not arm anew, or keeps the old token",
        answer: Promises(&[
            "registration::changed_and_back",
            "edge::reregister_reports_again",
            "level::triggers_switch",
            "oneshot::armed_again_and_again",
        ]),
    },
    Pitfall {
        id: "RG-5",
        what: "the trigger is lost with one of two directions",
        answer: Promises(&["edge::dropped_direction"]),
    },
    Pitfall {
        id: "RG-6",
        what: "a hang-up that nobody asked for, for ever",
        answer: Promises(&["edge_ends::hang_up_left_alone", "edge_ends::writer_left_alone"]),
    },
    Pitfall {
        id: "RG-7",
        what: "one file under two numbers, or in two polls",
        answer: Promises(&[
            "registration::duplicates_side_by_side",
            "registration::dropped_with_a_duplicate_alive",
            "level::two_polls_one_descriptor",
        ]),
    },
    Pitfall {
        id: "RG-8",
        what: "registering waits for the wait, or is not seen by it",
        answer: Promises(&[
            "registration::changed_under_a_wait",
            "registration::changes_do_not_block",
            "storms::events_flow_on",
        ]),
    },
    Pitfall {
        id: "RG-9",
        what: "a refused registration leaves something",
        answer: Promises(&[
            "files::refused_alike",
            "registration::failed_registration_leaves_nothing",
            "registration::refused_under_a_used_number",
            "registration::closed_descriptor_is_refused",
        ]),
    },
    Pitfall {
        id: "RG-10",
        what: "parts dropped in an unusual order",
        answer: Promises(&[
            "registration::dropped_in_any_order",
            "registration::dropped_under_a_wait",
        ]),
    },
    Pitfall {
        id: "WK-1",
        what: "a wake-up is lost, or sticks",
        answer: PromisesAnd(
            &[
                "waking::flags_of_many_threads",
                "waking::back_and_forth",
                "waking::before_a_wait",
                "waking::several_threads",
            ],
            "`a_wake_up_is_heard_of`, `wake_ups_of_two_threads_are_heard_of` and `the_last_word_of_a_waker_is_heard` of `src/backend/interleavings/`",
        ),
    },
    Pitfall {
        id: "WK-2",
        what: "a waker's counter is never emptied, or is full",
        answer: Promises(&[
            "waking::many_are_one",
            "waking::a_full_counter",
            "refusals::full_pipe_of_wake_ups",
        ]),
    },
    Pitfall {
        id: "WK-3",
        what: "a wake-up after the poll is gone reaches a stranger",
        answer: Promises(&[
            "waking::poll_dropped_first",
            "registration::dropped_in_any_order",
            "leaks::nothing_is_inherited",
        ]),
    },
    Pitfall {
        id: "WK-4",
        what: "a second waker takes the place of the first",
        answer: Promises(&["waking::a_hundred_wakers"]),
    },
    Pitfall {
        id: "WK-5",
        what: "the second-best kind of waker is never tested",
        answer: Promises(&["refusals::eventfd_refused", "refusals::full_pipe_of_wake_ups"]),
    },
    Pitfall {
        id: "FK-1",
        what: "a forked child takes its parent's registrations away",
        answer: Promises(&[
            "forking::a_child_that_closes",
            "forking::a_child_that_drops",
            "forking::a_child_that_drops_the_poll_first",
            "forking::a_child_that_drops_a_sleeper",
            "forking::a_child_with_its_own_poll",
            "forking::a_child_beside_a_wait",
            "forking::a_child_beside_busy_threads",
        ]),
    },
    Pitfall {
        id: "FK-2",
        what: "a program that is started inherits descriptors",
        answer: Promises(&[
            "leaks::nothing_is_inherited",
            "super_server::a_child_has_its_socket_alone",
            "addresses::pairs",
            "refusals::accept4_refused",
        ]),
    },
    Pitfall {
        id: "FK-3",
        what: "polls leak descriptors",
        answer: Promises(&[
            "leaks::polls",
            "leaks::registrations",
            "leaks::dropped_sources",
            "leaks::accepted_and_closed",
        ]),
    },
    Pitfall {
        id: "SG-1",
        what: "signals merge, or reach the wrong thread",
        answer: DoesNotApply("no signal source yet"),
    },
    Pitfall {
        id: "SG-2",
        what: "a signal changes what a call says",
        answer: Promises(&["signals::errors_are_the_same_in_a_storm"]),
    },
    Pitfall {
        id: "SG-3",
        what: "a signal source is closed while a signal is pending",
        answer: DoesNotApply("no signal source yet"),
    },
    Pitfall {
        id: "SG-4",
        what: "a write to a closed socket kills the process",
        answer: Promises(&["signals::no_socket_raises_a_signal"]),
    },
    Pitfall {
        id: "CH-1",
        what: "a child has ended before it is watched",
        answer: DoesNotApply("no child source yet"),
    },
    Pitfall {
        id: "CH-2",
        what: "ends of children merge",
        answer: DoesNotApply("no child source yet"),
    },
    Pitfall {
        id: "CH-3",
        what: "a child is told to have ended and has not",
        answer: DoesNotApply("no child source yet"),
    },
    Pitfall {
        id: "CH-4",
        what: "a child's handle is signalled before its message",
        answer: DoesNotApply("no child source yet"),
    },
    Pitfall {
        id: "CH-5",
        what: "an exit status is read wrongly",
        answer: DoesNotApply("no child source yet"),
    },
    Pitfall {
        id: "AC-1",
        what: "no descriptor to accept with: a busy loop, or silence",
        answer: Promises(&[
            "accepting::turned_away",
            "accepting::left_waiting",
            "accepting::no_spare_helps",
            "accepting::others_take_the_spare_one",
            "edge_ends::no_descriptor_to_accept_with",
            "edge_threads::no_descriptor_to_accept_with",
        ]),
    },
    Pitfall {
        id: "AC-2",
        what: "one failed connection stops the listener",
        answer: Promises(&["accepting::reset_in_the_queue"]),
    },
    Pitfall {
        id: "AC-3",
        what: "the length of a listener's queue changes",
        answer: Elsewhere(
            "documented at `TcpListener::bind`, and tested in `tests/api/tcp_listener.rs`",
        ),
    },
    Pitfall {
        id: "SE-1",
        what: "a number past the end of a set",
        answer: Promises(&["selecting::past_the_end_of_a_set"]),
    },
    Pitfall {
        id: "SE-2",
        what: "sets of 64 sockets",
        answer: Promises(&["registration::a_look_after_many_removals"]),
    },
    Pitfall {
        id: "SE-3",
        what: "a failed connection shows among exceptions alone",
        answer: Promises(&["connecting::refused"]),
    },
    Pitfall {
        id: "SE-4",
        what: "hang-ups and errors are not told",
        answer: Promises(&[
            "edge_ends::end_shows_where_hang_ups_are_not_told",
            "states::the_page_is_current",
            "environment::capabilities_are_told",
        ]),
    },
    Pitfall {
        id: "SE-5",
        what: "the call changes its sets and its timeout",
        answer: Promises(&["level::every_wait_reports", "time::the_same_timeout_twice"]),
    },
    Pitfall {
        id: "SE-6",
        what: "the highest number is wrong after it has gone",
        answer: PromisesAnd(
            &["selecting::the_highest_goes", "selecting::many_descriptors"],
            "`the_end_follows_the_highest_descriptor` of `src/backend/select.rs`",
        ),
    },
    Pitfall {
        id: "SE-7",
        what: "no descriptor at all is an error instead of a sleep",
        answer: Promises(&["time::no_early_return"]),
    },
    Pitfall {
        id: "SE-8",
        what: "one closed descriptor fails the whole call",
        answer: Promises(&[
            "registration::closed_behind_the_back",
            "registration::refused_under_a_used_number",
            "registration::many_closed_behind_the_back",
        ]),
    },
    Pitfall {
        id: "PO-1",
        what: "a closed descriptor is told for ever",
        answer: Promises(&[
            "registration::closed_behind_the_back",
            "registration::many_closed_behind_the_back",
        ]),
    },
    Pitfall {
        id: "PO-2",
        what: "a hang-up comes unasked",
        answer: Promises(&["edge_ends::hang_up_left_alone"]),
    },
    Pitfall {
        id: "PO-3",
        what: "a change does not end a wait",
        answer: Promises(&[
            "registration::changed_under_a_wait",
            "registration::changed_back_and_forth_under_a_wait",
        ]),
    },
    Pitfall {
        id: "PO-4",
        what: "edges in software are lost after a short read",
        answer: Promises(&[
            "edge::short_read_then_new_data",
            "edge::exact_read_then_new_data",
            "edge::part_read_then_new_data",
        ]),
    },
    Pitfall {
        id: "PO-5",
        what: "half a hang-up is unknown",
        answer: Promises(&["states::tcp_streams", "states::unix_streams"]),
    },
    Pitfall {
        id: "PO-6",
        what: "poll(2) refuses terminals",
        answer: DoesNotApply("a defect of macOS, where `kqueue` and `select` take them"),
    },
    Pitfall {
        id: "PO-7",
        what: "WSAPoll loses failed connections",
        answer: Promises(&["connecting::refused"]),
    },
    Pitfall {
        id: "EP-1",
        what: "one file under two numbers",
        answer: Promises(&[
            "registration::duplicates_side_by_side",
            "registration::dropped_with_a_duplicate_alive",
        ]),
    },
    Pitfall {
        id: "EP-2",
        what: "stale events in one list",
        answer: Promises(&["barrier::within_one_list_of_events"]),
    },
    Pitfall {
        id: "EP-3",
        what: "a hang-up before the last data",
        answer: Promises(&["edge_ends::data_before_the_end", "files::a_pseudo_terminal"]),
    },
    Pitfall {
        id: "EP-4",
        what: "half a hang-up is taken for a whole one",
        answer: Promises(&[
            "edge::writing_to_a_half_closed_peer",
            "edge_ends::half_closed_read_again_and_again",
        ]),
    },
    Pitfall {
        id: "EP-5",
        what: "what shutdown shows",
        answer: Promises(&[
            "registration::shut_down_here",
            "states::tcp_streams",
            "states::unix_streams",
        ]),
    },
    Pitfall {
        id: "EP-6",
        what: "a pipe without readers shows an error alone",
        answer: Promises(&[
            "edge_ends::broken_pipe_written_again_and_again",
            "edge_ends::writer_left_alone",
        ]),
    },
    Pitfall {
        id: "EP-7",
        what: "the end comes with the last data",
        answer: Promises(&["edge_ends::data_and_end_in_one_go"]),
    },
    Pitfall {
        id: "EP-8",
        what: "edges of pipes that nobody drains differ between kernels",
        answer: Promises(&["storms::a_reader_that_never_reads", "edge::data_left_alone_is_silent"]),
    },
    Pitfall {
        id: "EP-9",
        what: "drained without a wait in between",
        answer: Promises(&["edge::drained_then_refilled"]),
    },
    Pitfall {
        id: "EP-10",
        what: "urgent data is taken for ordinary data",
        answer: Promises(&["files::urgent_data_is_priority", "edge::urgent_byte_left_alone"]),
    },
    Pitfall {
        id: "EP-11",
        what: "regular files and /dev/null",
        answer: Promises(&[
            "files::refused_alike",
            "files::refused_alike_in_a_type",
            "files::accepted_on_request",
        ]),
    },
    Pitfall {
        id: "EP-12",
        what: "exclusive registrations cannot be changed",
        answer: Promises(&[
            "exclusive::few_are_woken",
            "exclusive::reregistered",
            "exclusive::refused_change_leaves_it",
        ]),
    },
    Pitfall {
        id: "EP-13",
        what: "the thread that waited last gets most",
        answer: DoesNotApply(
            "informative: the kernel's choice among its waiters, of which nothing is promised",
        ),
    },
    Pitfall {
        id: "EP-14",
        what: "the kernel's struct is packed on one machine alone",
        answer: Elsewhere("an assertion at compile time in `src/backend/epoll.rs`"),
    },
    Pitfall {
        id: "EP-15",
        what: "defects of kernels before 4.0",
        answer: DoesNotApply("a note: no test on a newer kernel can find them"),
    },
    Pitfall {
        id: "EP-16",
        what: "a poll within a poll",
        answer: Promises(&[
            "nesting::events_reach_the_outer_poll",
            "nesting::wake_ups_reach_the_outer_poll",
            "nesting::circles_are_refused",
        ]),
    },
    Pitfall {
        id: "EP-17",
        what: "a socket that is not connected shows a hang-up",
        answer: Promises(&["edge::connected_after_registration", "states::tcp_streams"]),
    },
    Pitfall {
        id: "KQ-1",
        what: "one oneshot for each direction",
        answer: Promises(&["oneshot::one_event_for_both_directions"]),
    },
    Pitfall {
        id: "KQ-2",
        what: "the end of a stream hides the last data",
        answer: Promises(&["edge_ends::data_before_the_end", "edge_ends::data_and_end_in_one_go"]),
    },
    Pitfall {
        id: "KQ-3",
        what: "filters are taken for bits",
        answer: Elsewhere("an enum, in `src/backend/kqueue/kevent.rs`"),
    },
    Pitfall {
        id: "KQ-4",
        what: "a list of changes stops at the first error",
        answer: Promises(&["edge::dropped_direction", "registration::changed_and_back"]),
    },
    Pitfall {
        id: "KQ-5",
        what: "a change eats events",
        answer: Promises(&["registration::changes_take_no_event"]),
    },
    Pitfall {
        id: "KQ-6",
        what: "a closed pipe cannot be registered",
        answer: Elsewhere(
            "`a_refused_pipe_without_readers_is_told_in_every_trigger` of `src/backend/kqueue/mod.rs`",
        ),
    },
    Pitfall {
        id: "KQ-7",
        what: "a change is put off until its descriptor is closed",
        answer: DoesNotApply("no change is put off"),
    },
    Pitfall {
        id: "KQ-8",
        what: "a waker's event is never cleared",
        answer: Promises(&["waking::many_are_one", "waking::back_and_forth"]),
    },
    Pitfall {
        id: "KQ-9",
        what: "the end of a FIFO is never told",
        answer: Promises(&[
            "edge_ends::fifo_outlives_its_writers",
            "edge_threads::fifo_outlives_its_writers",
        ]),
    },
    Pitfall {
        id: "KQ-10",
        what: "terminals are refused",
        answer: Elsewhere(
            "`terminals_and_the_queue_are_told_side_by_side` of `src/backend/kqueue/terminals.rs`",
        ),
    },
    Pitfall { id: "KQ-11", what: "ends of processes", answer: DoesNotApply("no child source yet") },
    Pitfall {
        id: "KQ-12",
        what: "timers of the kernel",
        answer: DoesNotApply("the only timer is the timeout of a wait"),
    },
    Pitfall {
        id: "KQ-13",
        what: "closing does not wake who waits",
        answer: Promises(&["registration::dropped_under_a_wait"]),
    },
    Pitfall {
        id: "KQ-14",
        what: "the struct differs between systems",
        answer: Elsewhere(
            "`libc` has the struct of each system, and `src/backend/kqueue/kevent.rs` is the one file that knows it",
        ),
    },
    Pitfall {
        id: "KQ-15",
        what: "a descriptor is inherited for a moment",
        answer: Promises(&["leaks::nothing_is_inherited"]),
    },
    Pitfall {
        id: "KQ-16",
        what: "urgent data on Darwin",
        answer: Promises(&["files::urgent_data_is_priority"]),
    },
    Pitfall {
        id: "KQ-17",
        what: "the system's error is hidden",
        answer: Promises(&["files::refused_alike", "registration::closed_descriptor_is_refused"]),
    },
    Pitfall {
        id: "KQ-18",
        what: "sizes are cut to 32 bits",
        answer: DoesNotApply("no size is looked at"),
    },
    Pitfall {
        id: "WN-1",
        what: "one pending request a socket",
        answer: Promises(&["registration::changed_back_and_forth_under_a_wait"]),
    },
    Pitfall {
        id: "WN-2",
        what: "events lost between deregistering and registering",
        answer: Promises(&["storms::events_flow_on", "registration::changed_and_back"]),
    },
    Pitfall {
        id: "WN-3",
        what: "a socket's number used again",
        answer: Promises(&["barrier::with_the_number_used_again", "barrier::with_dropped_sources"]),
    },
    Pitfall {
        id: "WN-4",
        what: "memory that the kernel still writes to",
        answer: Promises(&["leaks::polls", "leaks::registrations", "leaks::dropped_sources"]),
    },
    Pitfall {
        id: "WN-5",
        what: "edges in software",
        answer: PromisesAnd(
            &["edge::drained_then_refilled", "edge::short_write_then_room"],
            "tests/api",
        ),
    },
    Pitfall {
        id: "WN-6",
        what: "a reset told for ever",
        answer: Promises(&["edge_ends::reset_by_the_peer", "edge_threads::reset_by_the_peer"]),
    },
    Pitfall {
        id: "WN-7",
        what: "layered providers",
        answer: Elsewhere("backend/windows/raw_socket.rs asks in the two ways there are"),
    },
    Pitfall {
        id: "WN-8",
        what: "more than 32 sockets",
        answer: Promises(&["registration::a_look_after_many_removals"]),
    },
    Pitfall {
        id: "WN-9",
        what: "a lock held while waiting",
        answer: Promises(&["registration::changes_do_not_block"]),
    },
    Pitfall {
        id: "WN-10",
        what: "the reason of a failed connection",
        answer: Promises(&["connecting::refused"]),
    },
    Pitfall {
        id: "WN-11",
        what: "named pipes",
        answer: Elsewhere("tests/api/named_pipe.rs, and compat/mio/tests/on_tokio"),
    },
    Pitfall {
        id: "WN-12",
        what: "handles are inherited",
        answer: Elsewhere("tests/api, for each type"),
    },
    Pitfall {
        id: "WN-13",
        what: "waits early and late",
        answer: Promises(&[
            "time::no_early_return",
            "time::a_thousand_waits",
            "time::long_timeouts_last",
        ]),
    },
    Pitfall {
        id: "WN-14",
        what: "lengths cut to 32 bits",
        answer: Elsewhere("net/socket/windows.rs leaves the lengths to socket2, which cuts them"),
    },
    Pitfall {
        id: "WN-15",
        what: "a refused datagram fails a later one",
        answer: Promises(&["edge_ends::refused_datagrams"]),
    },
    Pitfall {
        id: "WN-16",
        what: "notifications of the newest kind",
        answer: DoesNotApply("not used: the polls of the driver do the same on every version"),
    },
    Pitfall {
        id: "WN-17",
        what: "always writable, for ever",
        answer: Promises(&["edge::idle_stream_is_writable_once"]),
    },
    Pitfall {
        id: "WN-18",
        what: "a completion between check and arm",
        answer: Promises(&["edge_threads::filled_and_drained"]),
    },
    Pitfall {
        id: "SP-1",
        what: "an association serves once",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall {
        id: "SP-2",
        what: "events and an error at once",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall {
        id: "SP-3",
        what: "deregistered after its event",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall {
        id: "SP-4",
        what: "registered twice without an error",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall { id: "SP-5", what: "starvation", answer: DoesNotApply("no event ports backend yet") },
    Pitfall {
        id: "SP-6",
        what: "another system's epoll",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall {
        id: "SP-7",
        what: "a lock held while waiting",
        answer: DoesNotApply("no event ports backend yet"),
    },
    Pitfall {
        id: "UR-1",
        what: "it is refused",
        answer: Promises(&["refusals::io_uring_refused"]),
    },
    Pitfall {
        id: "UR-2",
        what: "an operation is missing",
        answer: DoesNotApply(
            "each request that is made came with the oldest ring that is taken; no kernel thread polls",
        ),
    },
    Pitfall {
        id: "UR-3",
        what: "a repeated poll ends by itself",
        answer: PromisesAnd(
            &["moving::asked_by_a_thread_that_ends_beside_a_level"],
            "`src/backend/io_uring/tests.rs`, where its queue is tiny; and the states",
        ),
    },
    Pitfall {
        id: "UR-4",
        what: "the completion queue is full",
        answer: Elsewhere("`src/backend/io_uring/tests.rs`: 8,000 ready, and room for 8"),
    },
    Pitfall {
        id: "UR-5",
        what: "the submission queue is full",
        answer: Elsewhere("`src/backend/io_uring/tests.rs`: 8,000 registrations, and room for 4"),
    },
    Pitfall {
        id: "UR-6",
        what: "a completion after deregistering",
        answer: PromisesAnd(
            &["barrier::with_the_number_used_again"],
            "`src/backend/io_uring/tests.rs`",
        ),
    },
    Pitfall {
        id: "UR-7",
        what: "a wait in flight keeps a closed file open",
        answer: Promises(&[
            "registration::dropped_under_a_wait",
            "registration::closed_under_a_wait",
        ]),
    },
    Pitfall {
        id: "UR-8",
        what: "a read of a counter hangs",
        answer: Promises(&["waking::back_and_forth"]),
    },
    Pitfall {
        id: "UR-9",
        what: "a timeout is ignored",
        answer: Promises(&[
            "time::no_early_return",
            "time::zero_looks_and_returns",
            "time::long_timeouts_last",
        ]),
    },
    Pitfall {
        id: "UR-10",
        what: "an idle ring looks busy",
        answer: DoesNotApply(
            "it is figures of the system that look odd: a ring asks not to be counted where the kernel can (6.15)",
        ),
    },
    Pitfall {
        id: "UR-11",
        what: "a polling kernel thread",
        answer: DoesNotApply("none is asked for"),
    },
    Pitfall {
        id: "UR-12",
        what: "a ring within a loop",
        answer: Promises(&[
            "nesting::events_reach_the_outer_poll",
            "nesting::levels_reach_the_outer_poll",
            "nesting::what_found_no_room_shows",
        ]),
    },
    Pitfall {
        id: "UR-13",
        what: "work is left to the owning thread",
        answer: Promises(&[
            "moving::from_thread_to_thread",
            "moving::changed_by_threads_that_end",
            "closing::by_another_thread",
        ]),
    },
    Pitfall {
        id: "UR-14",
        what: "credentials of the past",
        answer: DoesNotApply("requests that poll ask for no rights"),
    },
    Pitfall {
        id: "UR-15",
        what: "lengths cut to 32 bits",
        answer: DoesNotApply("requests that poll have no lengths"),
    },
    Pitfall {
        id: "UR-16",
        what: "short sleeps hang",
        answer: Promises(&["time::a_thousand_waits", "time::several_timeouts"]),
    },
    Pitfall {
        id: "UR-17",
        what: "nobody takes a completion",
        answer: DoesNotApply("no operations yet"),
    },
    Pitfall {
        id: "TH-1",
        what: "readiness is cleared after a newer event",
        answer: Elsewhere("`src/backend/interleavings/`, in every order of threads"),
    },
    Pitfall {
        id: "TH-2",
        what: "one event reaches two threads, or wakes others for nothing",
        answer: Promises(&["oneshot::handed_to_exactly_one", "storms::rearmed_by_several_threads"]),
    },
    Pitfall {
        id: "TH-3",
        what: "deregistering races with a wait",
        answer: Promises(&[
            "storms::no_dead_token_is_told",
            "storms::events_flow_on",
            "barrier::with_another_token",
            "barrier::with_the_number_used_again",
        ]),
    },
    Pitfall {
        id: "TH-4",
        what: "an event is lost between two threads that wait in turn",
        answer: Promises(&[
            "oneshot::another_thread_takes_over",
            "signals::leaders_and_followers_in_a_storm",
        ]),
    },
    Pitfall {
        id: "TH-5",
        what: "a thread that parks misses its wake-up",
        answer: PromisesAnd(
            &["waking::flags_of_many_threads", "waking::back_and_forth"],
            "`a_wake_up_is_heard_of` and `wakers_and_sources_do_not_hide_one_another` of `src/backend/interleavings/`",
        ),
    },
    Pitfall {
        id: "CO-1",
        what: "a refused connection is not told",
        answer: Promises(&[
            "connecting::refused",
            "connecting::no_room_in_a_queue",
            "connecting::made",
        ]),
    },
    Pitfall {
        id: "CO-2",
        what: "writable before it is connected",
        answer: Promises(&["connecting::pending", "edge::connected_after_registration"]),
    },
    Pitfall {
        id: "UD-1",
        what: "refused datagrams: lost, or told for ever",
        answer: Promises(&[
            "edge_ends::refused_datagrams",
            "edge_ends::queued_errors_left_alone",
            "edge_threads::queued_errors_left_alone",
            "connecting::closed_before_its_error_is_read",
        ]),
    },
    Pitfall {
        id: "UD-2",
        what: "an empty datagram is taken for the end",
        answer: Promises(&[
            "edge::empty_datagrams",
            "states::udp_sockets",
            "states::unix_datagrams",
        ]),
    },
    Pitfall {
        id: "UN-1",
        what: "names of Unix sockets: long, abstract, none, with zeros",
        answer: Promises(&[
            "addresses::paths_of_every_length",
            "addresses::zero_bytes_in_a_path",
            "addresses::abstract_names",
            "addresses::names_of_the_system",
            "addresses::pairs",
        ]),
    },
    Pitfall {
        id: "PT-1",
        what: "the end of a terminal hides its last output",
        answer: Promises(&[
            "files::a_pseudo_terminal",
            "files::a_terminal",
            "states::pty_main_sides",
        ]),
    },
    Pitfall {
        id: "IN-1",
        what: "a socket that a child has is told all the same",
        answer: Promises(&[
            "super_server::asleep_while_a_child_has_it",
            "oneshot::asleep_while_data_come",
        ]),
    },
    Pitfall {
        id: "IN-2",
        what: "a service that ends at once is started for ever",
        answer: Promises(&["super_server::a_service_that_loops"]),
    },
    Pitfall {
        id: "IN-3",
        what: "very many connections, children and too few descriptors",
        answer: Promises(&["super_server::many_at_once"]),
    },
    Pitfall {
        id: "IN-4",
        what: "a reload disturbs what stays",
        answer: Promises(&["super_server::reloaded_while_children_live"]),
    },
    Pitfall {
        id: "IN-5",
        what: "the library's descriptors take the standard numbers",
        answer: Promises(&[
            "descriptors::standard_ones_are_left_alone",
            "descriptors::standard_ones_are_left_alone_by_a_pipe",
        ]),
    },
    Pitfall {
        id: "IN-6",
        what: "a child has more than its socket, or one that does not block",
        answer: Promises(&["super_server::a_child_has_its_socket_alone"]),
    },
    Pitfall {
        id: "IN-7",
        what: "two services answer each other for ever",
        answer: DoesNotApply("a matter of the services, not of the loop"),
    },
];
