/// Windows has no signal masks, so there is none to wait with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignalSet {}
