//! HTTP/2 (RFC 9113) without any input or output of its own: bytes go in and come out, and what they mean is told as
//! events. A session does what nghttp2 1.61 does where the RFC leaves a choice, with its error codes and texts, because
//! that is what stands behind `node:http2`.
//!
//! [`frame`] and [`hpack`] alone read what is on a wire; [`session`] is one end of a connection. Leaves out: the tree of
//! dependencies that RFC 9113 took back (weights still share a connection), extensible priorities, limits by time.

pub mod error;
pub mod frame;
pub mod hpack;
mod message;
pub mod session;
