//! Services that are modelled: they answer HTTP without being a program.

use serde::{Deserialize, Serialize};

use crate::load::Distribution;

/// Counted from 0 in the order of the scenario.
pub type ServiceId = u32;
/// Counted from 1 over all services, in the order in which requests have come.
pub type WorkId = u64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    pub name: String,
    pub host: String,
    pub port: u16,
    /// Requests that are served at the same time; the others wait in the order in which they came.
    pub servers: u32,
    pub service_time: Distribution,
    /// How many may wait; one more is told 503 at once. 0 for any number.
    pub queue_max: u32,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Of a million, how many are answered with `error_status`, after their service time.
    pub errors: u32,
    pub error_status: u16,
}
