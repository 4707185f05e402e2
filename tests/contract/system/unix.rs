//! What the tests ask of the system and no safe crate offers them.
#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use omnipoll::net::TcpStream;
use socket2::{Domain, Socket, Type};

/// What is said of a datagram that was refused.
pub(crate) const REFUSED_DATAGRAM: io::ErrorKind = io::ErrorKind::ConnectionRefused;

/// Processor time of the calling thread.
pub(crate) fn thread_cpu_time() -> Duration {
    cpu_time(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the call fills the struct that it is given.
    let time = unsafe {
        assert_eq!(libc::clock_gettime(clock, time.as_mut_ptr()), 0);
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Gives other threads the time to fall asleep in their waits. Tests must also hold if
/// they do not: this only makes the interesting case the usual one.
pub(crate) fn let_others_sleep() {
    thread::sleep(Duration::from_millis(20));
}

/// How many descriptors this process has open.
pub(crate) fn open_descriptors() -> usize {
    // The folder itself is one of them, each time.
    fs::read_dir("/proc/self/fd").expect("procfs").count()
}

/// How many pages of memory this process has.
pub(crate) fn resident_pages() -> u64 {
    let line = fs::read_to_string("/proc/self/statm").expect("procfs");
    let pages = line.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.expect("a number of pages")
}

/// Duplicates of the descriptors of this process whose file is called `name` in procfs.
pub(crate) fn descriptors_of(name: &str) -> Vec<OwnedFd> {
    let folder = fs::read_dir("/proc/self/fd").expect("procfs");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let of_that_name = |path: &PathBuf| {
        // The folder's own is gone by now.
        fs::read_link(path).is_ok_and(|target| target == Path::new(name))
    };
    let number = |path: PathBuf| path.file_name()?.to_str()?.parse().ok();
    let numbers: Vec<RawFd> = paths.filter(of_that_name).filter_map(number).collect();
    numbers.into_iter().map(|number| duplicate_above(number, 3)).collect()
}

/// Whether `number` is an open descriptor.
pub(crate) fn is_open(number: RawFd) -> bool {
    // SAFETY: the call only looks.
    unsafe { libc::fcntl(number, libc::F_GETFD) != -1 }
}

/// Closes a descriptor behind everybody's back.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: the callers give up the descriptor for good, by `into_raw_fd`.
    assert_eq!(unsafe { libc::close(fd) }, 0);
}

/// Makes `number` another name for the file of `fd`, and closes what had it.
pub(crate) fn duplicate_to(fd: RawFd, number: RawFd) -> OwnedFd {
    // SAFETY: the callers choose numbers that nobody owns.
    unsafe {
        assert_eq!(libc::dup2(fd, number), number, "{}", io::Error::last_os_error());
        OwnedFd::from_raw_fd(number)
    }
}

/// A duplicate whose number is at least `least`.
pub(crate) fn duplicate_above(fd: RawFd, least: RawFd) -> OwnedFd {
    // SAFETY: the call makes a new descriptor, which nobody else owns.
    unsafe {
        let copy = libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, least);
        assert!(copy >= least, "{}", io::Error::last_os_error());
        OwnedFd::from_raw_fd(copy)
    }
}

/// Lets this process open no descriptor from the number `limit` on.
pub(crate) fn limit_descriptors(limit: u64) {
    let mut now = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: both calls take a whole struct, which the first one fills.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, now.as_mut_ptr()), 0);
        let wanted = libc::rlimit { rlim_cur: limit, ..now.assume_init() };
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &wanted), 0);
    }
}

/// The lowest number that the next descriptor can have.
pub(crate) fn next_descriptor() -> u64 {
    fs::File::open("/dev/null").expect("/dev/null").as_raw_fd() as u64
}

/// The main side of a pseudo-terminal and its terminal, in raw mode.
pub(crate) fn open_pty() -> (OwnedFd, OwnedFd) {
    let (mut main, mut terminal) = (-1, -1);
    // SAFETY: the call fills the two numbers, and the three pointers may be null. The
    // settings are filled before they are read.
    unsafe {
        let opened =
            libc::openpty(&mut main, &mut terminal, ptr::null_mut(), ptr::null(), ptr::null());
        assert_eq!(opened, 0, "{}", io::Error::last_os_error());
        let mut settings = MaybeUninit::<libc::termios>::uninit();
        assert_eq!(libc::tcgetattr(terminal, settings.as_mut_ptr()), 0);
        libc::cfmakeraw(settings.as_mut_ptr());
        assert_eq!(libc::tcsetattr(terminal, libc::TCSANOW, settings.as_ptr()), 0);
        (OwnedFd::from_raw_fd(main), OwnedFd::from_raw_fd(terminal))
    }
}

/// Makes closing `socket` reset its connection.
pub(crate) fn reset_on_close(socket: &impl AsRawFd) {
    let now = libc::linger { l_onoff: 1, l_linger: 0 };
    set_option(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, &now);
}

/// Reads by a call of one's own.
pub(crate) fn read(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(socket, buffer)?)
}

/// A socket of TCP that is not connected.
pub(crate) fn unconnected() -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
    socket.set_nonblocking(true).expect("non-blocking");
    TcpStream::from(OwnedFd::from(socket))
}

/// Connects by a call of one's own, or begins to.
pub(crate) fn begin_to_connect(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    match rustix::net::connect(socket, &address) {
        Err(rustix::io::Errno::INPROGRESS) => Ok(()),
        result => Ok(result?),
    }
}

/// Has the kernel queue what went wrong with datagrams.
pub(crate) fn queue_errors(socket: RawFd) {
    set_option(socket, libc::IPPROTO_IP, libc::IP_RECVERR, &1);
}

fn set_option<T>(socket: RawFd, level: i32, name: i32, value: &T) {
    // SAFETY: the pointer and the length are those of one value, which is only read.
    let set = unsafe {
        libc::setsockopt(
            socket,
            level,
            name,
            ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    assert_eq!(set, 0, "{}", io::Error::last_os_error());
}

/// Runs `body` in a forked child that then ends without a word, and waits until it has.
///
/// The memory of the child is a copy, so what `body` does there does not show here. Where
/// the process has other threads, `body` must do no more than to drop things: what locks they
/// held, nobody lets go there.
pub(crate) fn in_child(body: impl FnOnce()) {
    let mut status = 0;
    // SAFETY: The C library keeps its allocator whole over a fork; other locks that a thread
    // of the parent held make the child wait until its alarm, at the worst. It leaves by
    // `_exit`, so nothing is flushed or unwound twice.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "{}", io::Error::last_os_error());
        if child == 0 {
            libc::alarm(CHILD_SECONDS);
            let has_failed = panic::catch_unwind(AssertUnwindSafe(body)).is_err();
            libc::_exit(i32::from(has_failed));
        }
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
    }
    assert_eq!(status, 0, "the child has failed");
}

/// A child that hangs ends after this.
const CHILD_SECONDS: libc::c_uint = 20;

static HANDLED: AtomicU64 = AtomicU64::new(0);

extern "C" fn note_signal(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// How many signals were handled in this process.
pub(crate) fn handled_signals() -> u64 {
    HANDLED.load(Ordering::SeqCst)
}

/// Has `SIGUSR1` counted, and interrupt the calls that it arrives in.
pub(crate) fn handle_signals() {
    handle(libc::SIGUSR1);
}

/// Has `signal` counted, and interrupt the calls that it arrives in.
pub(crate) fn handle(signal: libc::c_int) {
    act_on(signal, note_signal as *const () as libc::sighandler_t);
}

/// Sends the calling thread `signal`.
pub(crate) fn raise(signal: libc::c_int) {
    // SAFETY: the call has no conditions; the callers have a handler for the signal.
    assert_eq!(unsafe { libc::raise(signal) }, 0);
}

/// Has `signal` do what it does to a program that never heard of it.
pub(crate) fn leave_to_the_system(signal: libc::c_int) {
    act_on(signal, libc::SIG_DFL);
}

fn act_on(signal: libc::c_int, action: libc::sighandler_t) {
    // SAFETY: a zeroed `sigaction` has an empty mask and no flags, in particular not
    // SA_RESTART; the one handler there is does nothing but add to an atomic.
    unsafe {
        let mut wanted: libc::sigaction = std::mem::zeroed();
        wanted.sa_sigaction = action;
        assert_eq!(libc::sigaction(signal, &wanted, ptr::null_mut()), 0);
    }
}

/// An interval timer: a `SIGALRM` for the whole process every so often, while it is there,
/// but not for longer than `most`, so that who is kept up by it comes to an end.
pub(crate) struct IntervalTimer {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl IntervalTimer {
    pub(crate) fn start(interval: Duration, most: Duration) -> IntervalTimer {
        handle(libc::SIGALRM);
        let (end, ended) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            // It ends by the time or by the sender's, and either is as good.
            let _ = ended.recv_timeout(most);
            set_interval(Duration::ZERO);
        });
        set_interval(interval);
        IntervalTimer { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for IntervalTimer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It only stops the timer; if that failed, the test has failed otherwise.
            let _ = thread.join();
        }
    }
}

fn set_interval(interval: Duration) {
    let interval = libc::timeval {
        tv_sec: interval.as_secs() as libc::time_t,
        tv_usec: interval.subsec_micros().into(),
    };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the first struct lives until the call returns, and the second is not asked for.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, ptr::null_mut()) };
    assert_eq!(set, 0, "{}", io::Error::last_os_error());
}

/// A thread that can be sent signals.
#[derive(Clone, Copy)]
pub(crate) struct Target(libc::pthread_t);

/// The calling thread, which must outlive whoever signals it.
pub(crate) fn this_thread() -> Target {
    // SAFETY: the call has no conditions.
    Target(unsafe { libc::pthread_self() })
}

impl Target {
    pub(crate) fn signal(self) {
        // SAFETY: `this_thread` demands that the thread lives.
        assert_eq!(unsafe { libc::pthread_kill(self.0, libc::SIGUSR1) }, 0);
    }
}

/// Sends the calling thread a signal every so often, for as long as it is there.
pub(crate) struct Storm {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Storm {
    pub(crate) fn start(pause: Duration) -> Storm {
        handle_signals();
        let target = this_thread();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                target.signal();
                thread::sleep(pause);
            }
        });
        Storm { stop, thread: Some(thread) }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // It only sends signals; if that failed, the test has failed otherwise.
            let _ = thread.join();
        }
    }
}

/// The calls by which a connection can be accepted: where flags are set after the call, it is
/// the older one.
pub(crate) const ACCEPT: &[libc::c_long] = &[
    libc::SYS_accept4,
    // There it has no number of its own.
    #[cfg(not(target_arch = "x86"))]
    libc::SYS_accept,
];

/// Has every one of `calls` fail with `error` in the calling thread and in those that it
/// starts, for good.
pub(crate) fn refuse(calls: &[libc::c_long], error: i32) {
    let step = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut program = vec![step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for (index, &call) in calls.iter().enumerate() {
        // On a match, jump over the other comparisons and over the permission.
        let mut compare = step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32);
        compare.jt = (calls.len() - index) as u8;
        program.push(compare);
    }
    program.push(step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    program.push(step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error as u32));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program is a valid one, and its steps live until the call returns. The
    // filter binds this thread alone, since TSYNC is not among the flags.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let filter = libc::SECCOMP_SET_MODE_FILTER;
        let set = libc::syscall(libc::SYS_seccomp, filter, 0, &raw const program);
        assert_eq!(set, 0, "{}", io::Error::last_os_error());
    }
}
