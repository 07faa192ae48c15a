//! What things cost in virtual time: the one table. JavaScript itself costs `ProcessSpec::tick_ns` for each call and
//! each round of a loop; what a host function does beyond that is here, in nanoseconds. The figures are estimates of
//! the right order of magnitude, not measurements; what matters is that they never change with the machine that the
//! simulation runs on. That the first `console.log` of a program takes more than a millisecond was seen on real Node.

/// Reading and compiling one source file of ordinary size.
pub const MODULE_LOAD_NS: u64 = 90_000;
/// The first line that a process prints sets up its stream. It is longer than a millisecond, which is why a
/// `console.log` in the main script hides the race between `setTimeout(f, 0)` and `setImmediate(f)`.
pub const WRITE_FIRST_NS: u64 = 1_200_000;
/// Any further write to standard output or standard error.
pub const WRITE_NS: u64 = 20_000;
/// Putting a callback into the nextTick queue.
pub const NEXT_TICK_NS: u64 = 600;
/// Putting a timer into its list.
pub const TIMER_NS: u64 = 1_200;
/// Putting an immediate into the check queue.
pub const IMMEDIATE_NS: u64 = 900;
/// Taking a callback off its queue and getting it onto the stack, and off again.
pub const TASK_NS: u64 = 1_500;
/// The same for a microtask, which the engine runs by itself.
pub const MICROTASK_NS: u64 = 300;
/// Entering a phase of the loop and finding out what it has to do.
pub const PHASE_NS: u64 = 1_800;
/// One system call of the poll phase; waking up from it costs up to this much more, drawn by the seed.
pub const POLL_NS: u64 = 4_000;
pub const POLL_WAKE_JITTER_NS: u64 = 30_000;
/// One sleep in `OVERSLEEP_ODDS` ends up to this much later, as on a busy machine: an interval of 1 ms then misses beats.
pub const OVERSLEEP_ODDS: u64 = 12;
pub const OVERSLEEP_NS: u64 = 3_000_000;
/// At the end of one turn of the loop in `HICCUP_ODDS`, the core is taken away for up to this long, as an operating
/// system does. It is what lets an immediate race against a timer of one millisecond.
pub const HICCUP_ODDS: u64 = 16;
pub const HICCUP_NS: u64 = 1_400_000;
/// Reading the clock, beyond the call.
pub const CLOCK_NS: u64 = 50;
/// How far the loop's clock, which counts whole milliseconds, may be from the process's start: drawn by the seed. It is
/// what makes `setTimeout(f, 0)` against `setImmediate(f)` a race.
pub const LOOP_CLOCK_OFFSET_NS: u64 = 1_000_000;
/// From the end of the main script to the loop's first turn: on real Node about as long as makes that race an even one.
pub const LOOP_START_NS: u64 = 450_000;
/// Writing a message into a port.
pub const MESSAGE_NS: u64 = 6_000;
/// Until a thread hears what another has sent it.
pub const THREAD_WAKE_NS: u64 = 12_000;
/// Until a new thread runs its program, and up to so much more.
pub const THREAD_START_NS: u64 = 14_000_000;
/// The same for a new process.
pub const PROCESS_START_NS: u64 = 32_000_000;
/// Until the parent of a process that ended hears of it: what the process wrote before has long arrived then.
pub const PROCESS_END_NS: u64 = 1_500_000;
pub const START_JITTER_NS: u64 = 3_000_000;
/// One call of a compressor, and each byte that it is given: of DEFLATE, of Brotli at its highest quality, and for
/// reading either.
pub const CODEC_CALL_NS: u64 = 4_000;
pub const DEFLATE_BYTE_NS: u64 = 25;
pub const BROTLI_ENCODE_BYTE_NS: u64 = 600;
pub const INFLATE_BYTE_NS: u64 = 5;
/// One byte of a digest or a cipher.
pub const DIGEST_BYTE_NS: u64 = 3;
/// Each byte that a TLS session seals or opens.
pub const TLS_BYTE_NS: u64 = 2;
/// A random number from the system.
pub const RANDOM_NS: u64 = 2_000;
/// One round of PBKDF2.
pub const PBKDF2_ROUND_NS: u64 = 700;
/// Each of `N * r * p` of scrypt: 16,384 * 8 take some 50 ms.
pub const SCRYPT_BLOCK_NS: u64 = 400;
/// A new pair of keys: of RSA with 2,048 bits, growing with their cube, and on a curve.
pub const RSA_KEY_NS: u64 = 90_000_000;
pub const CURVE_KEY_NS: u64 = 60_000;
/// One signature, agreement, or encryption with a key pair.
pub const ASYMMETRIC_NS: u64 = 300_000;
/// What the pool's work may take longer than its cost, in percent, drawn by the seed; how long its thread may take to
/// wake up; and how often the system takes the core away from it, for up to [`HICCUP_NS`].
pub const POOL_JITTER_PERCENT: u64 = 15;
pub const POOL_WAKE_JITTER_NS: u64 = 25_000;
pub const POOL_HICCUP_ODDS: u64 = 16;
/// WebAssembly: reading and compiling a module and each byte of it, and instructions that take as long as one tick.
#[cfg(feature = "whole")]
pub const WEB_ASSEMBLY_COMPILE_NS: u64 = 60_000;
#[cfg(feature = "whole")]
pub const WEB_ASSEMBLY_BYTE_NS: u64 = 25;
#[cfg(feature = "whole")]
pub const INSTRUCTIONS_PER_TICK: u64 = 16;
/// Until a name server has answered.
#[cfg(feature = "whole")]
pub const NAME_SERVER_NS: u64 = 900_000;
