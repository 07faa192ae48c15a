//! The jar in its worker, seen from the page. One job at a time; a watchdog for a worker that says nothing.

use std::{cell::RefCell, rc::Rc};

use gloo::timers::callback::Timeout;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array, WebAssembly};
use protocol::{Command, Reply, Scenario, codec, packages, typescript};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, BlobPropertyBag, MessageEvent, Url, Worker};
use yew::Callback;

use super::{assets, browser::words};

const SCRIPT: &str = include_str!("../worker.js");
/// A worker that is silent for so long is ended. No callback lasts as long, on a slow machine either: `Limits::PAGE` cuts
/// it before.
const SILENCE_MS_MAX: u32 = 10_000;
/// The same until the program begins: a slow machine takes its time to open a jar and boot Node's library.
const PREPARING_MS_MAX: u32 = 60_000;
/// A stopped worker that is still inside a callback after this is replaced, so that the next run need not wait.
const STOP_MS_MAX: u32 = 150;
/// Ticks of the step commands that the worker may choose from.
const STEP_TICKS: [u64; 6] = [20_000, 60_000, 200_000, 600_000, 2_000_000, 6_000_000];

pub type JobId = u32;

/// What a worker begins with: the module, and Node's library or the memory of a jar that has booted it. All workers of a
/// page share it, so that only the first one boots.
pub struct Simulation {
    module: RefCell<WebAssembly::Module>,
    memory: RefCell<Memory>,
}

/// What a run waits for: a part of Node's library, or another jar that has more.
pub enum Part {
    Library(Vec<u8>),
    Jar(Simulation),
}

enum Memory {
    /// A Load command.
    Boot(Uint8Array),
    Image(JsValue),
}

impl Simulation {
    pub fn new(module: WebAssembly::Module, library: Vec<u8>) -> Self {
        Self {
            module: RefCell::new(module),
            memory: RefCell::new(Memory::Boot(encoded(&Command::Load { library }))),
        }
    }

    /// What a worker is to be sent.
    fn fields(&self) -> [(&'static str, JsValue); 2] {
        let memory = match &*self.memory.borrow() {
            Memory::Boot(command) => ("boot", Array::of1(command).into()),
            Memory::Image(image) => ("image", image.clone()),
        };
        [("module", (&*self.module.borrow()).into()), memory]
    }
}

#[derive(Debug)]
pub enum Heard {
    Ready,
    Reply {
        job: JobId,
        bytes: Vec<u8>,
    },
    Ended {
        job: JobId,
    },
    /// The run needs something that is not there; it begins anew once [`Jar::add_part`] brings it.
    Wanting {
        job: JobId,
        part: String,
    },
    /// The instance is dead; the worker has opened another.
    Trapped {
        job: JobId,
        report: String,
    },
    /// The worker itself could not work or has said nothing for too long: it is to be replaced.
    Lost {
        job: JobId,
        silent: bool,
        report: String,
    },
}

pub struct Jar {
    worker: Worker,
    simulation: Rc<Simulation>,
    watch: Rc<RefCell<Watch>>,
    on_heard: Callback<Heard>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_error: Closure<dyn Fn(JsValue)>,
}

#[derive(Default)]
struct Watch {
    job: Option<JobId>,
    timer: Option<Timeout>,
}

impl Jar {
    /// Starts a worker and gives it what to begin with. The error is a sentence.
    pub fn open(simulation: &Rc<Simulation>, on_heard: Callback<Heard>) -> Result<Self, String> {
        let worker = start_worker()?;
        let watch = Rc::new(RefCell::new(Watch::default()));
        let on_message = Closure::<dyn Fn(MessageEvent)>::new({
            let (watch, on_heard) = (watch.clone(), on_heard.clone());
            let simulation = simulation.clone();
            move |message: MessageEvent| {
                if let Some(image) = field(&message.data(), "image") {
                    *simulation.memory.borrow_mut() = Memory::Image(image);
                }
                if let Some(heard) = understood(&message.data()) {
                    match &heard {
                        Heard::Ended { job } | Heard::Trapped { job, .. } => disarm(&watch, *job),
                        // As long as it takes to download.
                        Heard::Wanting { .. } => watch.borrow_mut().timer = None,
                        _ => rearm(&watch, &on_heard, SILENCE_MS_MAX),
                    }
                    on_heard.emit(heard);
                }
            }
        });
        let on_error = Closure::<dyn Fn(JsValue)>::new({
            let (watch, on_heard) = (watch.clone(), on_heard.clone());
            move |error: JsValue| {
                let job = watch.borrow().job.unwrap_or_default();
                on_heard.emit(Heard::Lost {
                    job,
                    silent: false,
                    report: words(&error),
                });
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let jar = Self {
            worker,
            simulation: simulation.clone(),
            watch,
            on_heard,
            _on_message: on_message,
            _on_error: on_error,
        };
        post(&jar.worker, &simulation.fields())?;
        Ok(jar)
    }

    /// Runs a scenario and, if checks are given, grades it. An earlier job is forgotten. The run waits for the packages
    /// that its files name and for what reads TypeScript, when these are not here yet.
    pub fn start(
        &self,
        job: JobId,
        scenario: &Scenario,
        checks: Option<&str>,
    ) -> Result<(), String> {
        let steps: Array = STEP_TICKS
            .iter()
            .map(|&ticks_max| encoded(&Command::Step { ticks_max }))
            .collect();
        let grade = checks.map_or(JsValue::NULL, |source| {
            encoded(&Command::Grade {
                source: source.to_string(),
            })
            .into()
        });
        self.watch.borrow_mut().job = Some(job);
        let begin = {
            let (worker, watch, on_heard) = (
                self.worker.clone(),
                self.watch.clone(),
                self.on_heard.clone(),
            );
            move |start: &Command, typescript: Option<WebAssembly::Module>| {
                if watch.borrow().job != Some(job) {
                    return Ok(());
                }
                rearm(&watch, &on_heard, PREPARING_MS_MAX);
                let translate = typescript.is_some();
                if let Some(module) = typescript {
                    post(&worker, &[("typescript", module.into())])?;
                }
                post(
                    &worker,
                    &[
                        ("job", job.into()),
                        ("start", encoded(start).into()),
                        ("translate", translate.into()),
                        ("steps", steps.into()),
                        ("grade", grade),
                    ],
                )
            }
        };
        let start = Command::Start(scenario.clone());
        if !typescript::needed(&start) && !packages::may_be_wanted_by(scenario) {
            return begin(&start, None);
        }
        let (scenario, on_heard) = (scenario.clone(), self.on_heard.clone());
        spawn_local(async move {
            let prepared = prepare(scenario).await;
            if let Err(reason) = prepared.and_then(|(start, module)| begin(&start, module)) {
                let bytes = codec::encode(&Reply::Refused { reason });
                on_heard.emit(Heard::Reply { job, bytes });
                on_heard.emit(Heard::Ended { job });
            }
        });
        Ok(())
    }

    /// Brings what the present job waits for.
    pub fn add_part(&self, part: Part) -> Result<(), String> {
        rearm(&self.watch, &self.on_heard, PREPARING_MS_MAX);
        match part {
            Part::Library(library) => post(
                &self.worker,
                &[("part", encoded(&Command::Load { library }).into())],
            ),
            // From now on it is the page's.
            Part::Jar(simulation) => {
                self.simulation.module.swap(&simulation.module);
                self.simulation.memory.swap(&simulation.memory);
                post(&self.worker, &self.simulation.fields())
            }
        }
    }

    /// Ends the job between two slices; a worker that does not come to it is reported as lost.
    pub fn stop(&self, job: JobId) {
        let watched = self.watch.borrow().job == Some(job);
        if watched && post(&self.worker, &[("stop", job.into())]).is_ok() {
            rearm(&self.watch, &self.on_heard, STOP_MS_MAX);
        }
    }
}

/// Adds the packages that the scenario's files name, and fetches what reads its TypeScript.
async fn prepare(mut scenario: Scenario) -> Result<(Command, Option<WebAssembly::Module>), String> {
    if packages::may_be_wanted_by(&scenario) {
        let catalog = assets::package_catalog().await?;
        for process in &mut scenario.processes {
            let root = packages::root_of(process);
            for carried in catalog.wanted_by(process) {
                let archive = assets::package(&carried.name).await?;
                archive.unpack(&root, &mut process.files);
            }
        }
    }
    let start = Command::Start(scenario);
    let module = match typescript::needed(&start) {
        true => Some(assets::typescript().await?),
        false => None,
    };
    Ok((start, module))
}

fn post(worker: &Worker, fields: &[(&str, JsValue)]) -> Result<(), String> {
    let message = Object::new();
    for (name, value) in fields {
        Reflect::set(&message, &(*name).into(), value).map_err(|error| words(&error))?;
    }
    worker.post_message(&message).map_err(|error| words(&error))
}
impl Drop for Jar {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
        self.watch.borrow_mut().timer = None;
    }
}

fn encoded(command: &Command) -> Uint8Array {
    Uint8Array::from(codec::encode(command).as_slice())
}

fn start_worker() -> Result<Worker, String> {
    let wrap = |error: JsValue| format!("The browser started no worker: {}.", words(&error));
    let kind = BlobPropertyBag::new();
    kind.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&SCRIPT.into()), &kind)
        .map_err(wrap)?;
    let address = Url::create_object_url_with_blob(&blob).map_err(wrap)?;
    let worker = Worker::new(&address).map_err(wrap);
    // Revoking an address that was just made cannot fail; the worker has it already.
    let _ = Url::revoke_object_url(&address);
    worker
}

fn field(data: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(data, &name.into())
        .ok()
        .filter(|value| !value.is_undefined())
}

fn understood(data: &JsValue) -> Option<Heard> {
    let field = |name: &str| field(data, name);
    if field("ready").is_some() {
        return Some(Heard::Ready);
    }
    let job = field("job")?.as_f64()? as JobId;
    if let Some(reply) = field("reply") {
        let bytes = Uint8Array::new(reply.dyn_ref::<ArrayBuffer>()?).to_vec();
        return Some(Heard::Reply { job, bytes });
    }
    if let Some(trap) = field("trap") {
        let report = trap.as_string().unwrap_or_default();
        return Some(Heard::Trapped { job, report });
    }
    if let Some(part) = field("wanting").and_then(|part| part.as_string()) {
        return Some(Heard::Wanting { job, part });
    }
    field("ended").map(|_| Heard::Ended { job })
}

fn disarm(watch: &Rc<RefCell<Watch>>, job: JobId) {
    let mut watch = watch.borrow_mut();
    if watch.job == Some(job) {
        *watch = Watch::default();
    }
}

/// Begins to wait anew. When the page itself was busy, messages may be waiting while the timer is over, so a further
/// moment is given to them first.
fn rearm(watch: &Rc<RefCell<Watch>>, on_heard: &Callback<Heard>, after_ms: u32) {
    let Some(job) = watch.borrow().job else {
        return;
    };
    let lost = on_heard.reform(move |()| Heard::Lost {
        job,
        silent: true,
        report: String::new(),
    });
    let weak = Rc::downgrade(watch);
    let timer = Timeout::new(after_ms, move || {
        let Some(watch) = weak.upgrade() else {
            return;
        };
        let last = Timeout::new(50, move || lost.emit(()));
        watch.borrow_mut().timer = Some(last);
    });
    watch.borrow_mut().timer = Some(timer);
}
