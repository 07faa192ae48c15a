//! Services that are modelled, and those that stand before others: they answer HTTP without being a program.

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

/// An nginx, and the file that it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NginxSpec {
    pub host: String,
    /// As its author calls it.
    pub file: String,
    /// What stands in it; `None` if the file is one of the lesson's own, which every process has.
    pub config: Option<String>,
}

/// Hands requests on to one of several servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerSpec {
    pub host: String,
    pub port: u16,
    pub to: Vec<TargetSpec>,
    pub method: Method,
    /// After so many failures in a row a server is left alone for `fail_timeout_ns`; 0 for never.
    pub fails_max: u32,
    pub fail_timeout_ns: u64,
    pub health: Option<HealthSpec>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSpec {
    pub host: String,
    pub port: u16,
    pub weight: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    RoundRobin,
    LeastConnections,
    IpHash,
    /// Of a text with nginx's variables, on a ring.
    ConsistentHash {
        key: String,
    },
}

/// A request that asks a server how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthSpec {
    pub every_ns: u64,
    pub timeout_ns: u64,
    pub target: String,
    /// So many bad answers in a row make it sick, so many good ones well.
    pub fails: u32,
    pub passes: u32,
}
