//! The driver: the earliest happening first, until nothing is left or the slice is spent.
//!
//! Processes may begin others while they run ([`Scheduler::spawn`]). A process that blocks in the middle of a callback
//! lets the others run from there ([`Scheduler::run_others`]): its own stack cannot be set aside, so what it waits for
//! must come before any process that began to block later goes on.

use crate::Table;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
#[cfg(feature = "network")]
use std::{convert::Infallible, rc::Weak};

#[cfg(feature = "network")]
use crate::network::{HostId, Order};

use protocol::{ProcessId, Scenario, Status};

use crate::{Happening, World};

/// How a system's turn on its core ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The slice is spent; more is to be done at once.
    Again,
    /// Nothing to do before this moment.
    SleepsUntil(u64),
    /// Nothing to do until somebody wakes it ([`World::resume_at`]).
    Waits,
    Exited(i32),
}

/// A program on a core. It shares the world with everything else through [`World`] and borrows it only for moments, so
/// that what it calls may borrow it too.
pub trait System: 'static {
    /// Runs until about `ticks_max` ticks are spent or there is nothing to do. Returns what is next and the ticks spent.
    fn resume(&mut self, ticks_max: u64) -> (Turn, u64);

    /// It waits for others alone: whatever it has planned for itself would not keep it going.
    fn is_at_rest(&self) -> bool {
        false
    }

    /// All processes wait, and nothing is left that could wake any: this one is to end at its next turn.
    fn strand(&mut self);

    /// It ends here and now, and has no further turn.
    fn kill(&mut self);

    /// A terminal sends it a signal, by Linux's number.
    #[cfg(feature = "network")]
    fn signal(&mut self, _number: i32) {}
}

/// Makes a process when its first turn comes; `None` when that needs something that the world has not got.
pub type Birth<S> = Box<dyn FnOnce() -> Option<S>>;

/// Lives on a host and talks over the network without being a program: a load, a modelled service. Its turns take no time
/// and no core; it hears the news of the sockets that it owns under its number.
#[cfg(feature = "network")]
pub trait Machine {
    /// Does what is to be done by now.
    fn act(&mut self, world: &mut World) -> Turn;

    /// The world goes on for its sake, until it has exited.
    fn drives(&self) -> bool;

    /// Something that it has begun is unfinished.
    fn is_busy(&self) -> bool;

    /// It goes on when nothing else would happen in the world, and not before.
    fn awaits_rest(&self) -> bool {
        false
    }

    /// Nothing else would happen: it goes on with its next turn.
    fn rest_comes(&mut self) {}

    /// It is to exit now.
    fn end(&mut self, world: &mut World);

    fn host(&self) -> HostId;

    /// Its host has lost its power, or it was killed: it forgets everything, its sockets too. A load, which is people,
    /// does not.
    fn crash(&mut self);

    /// It begins anew.
    fn restart(&mut self, world: &mut World);
}

/// Makes a process of a scenario.
#[cfg(feature = "network")]
type Start<S> = Box<dyn FnMut(ProcessId, protocol::ProcessSpec, Rc<Scheduler<S>>) -> S>;

/// A signal's number and 128, as a shell has it.
#[cfg(feature = "network")]
const KILLED: i32 = 128 + 9;

/// Machines are numbered from here, so that one more changes no number of a process.
#[cfg(feature = "network")]
pub(crate) const MACHINE_FIRST: ProcessId = 1 << 31;

/// A packet costs no tick, but a slice ends after so many of them too.
#[cfg(feature = "network")]
const PACKET_TICKS: u64 = 20;
/// So does a machine's turn.
#[cfg(feature = "network")]
const MACHINE_TICKS: u64 = 20;

/// Shorter pauses are not worth the question whether the world is at its end.
#[cfg(feature = "network")]
const LULL_NS: u64 = 1_000_000;
/// Twice what Node's http server waits for the rest of a request.
#[cfg(feature = "network")]
const PATIENCE_NS: u64 = 600_000_000_000;

enum Slot<S> {
    Unborn(Birth<S>),
    Idle(S),
    /// Its turn is under way, somewhere on the stack.
    Running,
    Gone,
}

/// What ended the wait of a process that let others run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    Done,
    /// The deadline, which is now.
    TimedOut,
    /// Nothing is left that could bring it about.
    Stranded,
}

/// The processes of a world, numbered from 1, and whose turn it is.
pub struct Scheduler<S> {
    world: Rc<RefCell<World>>,
    slots: RefCell<Table<ProcessId, Slot<S>>>,
    /// The scenario's processes stay when they have exited, for what is asked about them then.
    kept: RefCell<Table<ProcessId, S>>,
    of_scenario: ProcessId,
    process_last: Cell<ProcessId>,
    running: Cell<usize>,
    exit_code: Cell<Option<i32>>,
    /// Ticks of turns within turns.
    inner_ticks: Cell<u64>,
    depth: Cell<u32>,
    /// Where the outermost turn began on the stack, for whoever measures.
    pub stack_base: Cell<usize>,
    /// When a process was last found doing more than to rest, or a packet arrived.
    #[cfg(feature = "network")]
    busy_ns: Cell<u64>,
    /// The latest beginning of a turn.
    latest_ns: Cell<u64>,
    #[cfg(feature = "network")]
    machines: RefCell<Table<ProcessId, Box<dyn Machine>>>,
    /// Machines that drive the world.
    driving: Cell<usize>,
    /// The first process, or who has taken its place.
    first: Cell<ProcessId>,
    /// What is to begin anew when its host does: on which, and in whose place.
    #[cfg(feature = "network")]
    begins: RefCell<Vec<Beginning>>,
    #[cfg(feature = "network")]
    start: RefCell<Option<Rc<RefCell<Start<S>>>>>,
    #[cfg(feature = "network")]
    me: RefCell<Weak<Self>>,
    /// Killed in the middle of their turn.
    #[cfg(feature = "network")]
    doomed: RefCell<Vec<ProcessId>>,
}

/// A process of the scenario that may begin again.
#[cfg(feature = "network")]
struct Beginning {
    host: HostId,
    spec: protocol::ProcessSpec,
    /// Who runs it, or ran it last.
    process: ProcessId,
}

impl<S: System> Scheduler<S> {
    pub fn world(&self) -> &Rc<RefCell<World>> {
        &self.world
    }

    /// Processes that have not exited.
    pub fn running(&self) -> usize {
        self.running.get()
    }

    /// Whether anybody is left for whose sake the world goes on.
    fn goes_on(&self) -> bool {
        #[cfg(feature = "network")]
        if self.world.borrow().foresees_begin() && !self.begins.borrow().is_empty() {
            return true;
        }
        self.running.get() > 0 || self.driving.get() > 0
    }

    /// How many turns are under way within another.
    pub fn depth(&self) -> u32 {
        self.depth.get()
    }

    /// The number of the next process; `spawn` begins it.
    pub fn number(&self) -> ProcessId {
        self.process_last.set(self.process_last.get() + 1);
        self.process_last.get()
    }

    pub fn spawn(&self, process: ProcessId, at_ns: u64, birth: Birth<S>) {
        self.slots.borrow_mut().insert(process, Slot::Unborn(birth));
        self.running.set(self.running.get() + 1);
        let mut world = self.world.borrow_mut();
        #[cfg(feature = "network")]
        {
            let parent = world.current();
            world.settle_as(process, parent);
        }
        world.resume_at(process, at_ns);
    }

    /// Who is to begin, and when.
    pub fn unborn(&self) -> Vec<(u64, u64)> {
        let world = self.world.borrow();
        let mut unborn = Vec::new();
        for (process, slot) in self.slots.borrow().iter() {
            if let (Slot::Unborn(_), Some(at_ns)) = (slot, world.resumes_at(*process)) {
                unborn.push((at_ns, u64::from(*process)));
            }
        }
        unborn
    }

    /// For a process in the middle of its turn: everybody else goes on until `done` answers when that was, or until
    /// `deadline_ns`.
    pub fn run_others(
        &self,
        process: ProcessId,
        deadline_ns: Option<u64>,
        done: impl Fn() -> Option<u64>,
    ) -> Waited {
        let began_ns = self.world.borrow().now_ns();
        self.depth.set(self.depth.get() + 1);
        let (waited, ends_ns) = loop {
            if let Some(at_ns) = done() {
                break (Waited::Done, at_ns);
            }
            let next_ns = self.world.borrow().queue.next_time_ns();
            match (next_ns, deadline_ns) {
                (None, Some(at_ns)) => break (Waited::TimedOut, at_ns),
                (Some(next_ns), Some(at_ns)) if next_ns > at_ns => break (Waited::TimedOut, at_ns),
                (None, None) => break (Waited::Stranded, began_ns),
                _ => match self.turn(u64::MAX) {
                    Some(ticks) => self
                        .inner_ticks
                        .set(self.inner_ticks.get().saturating_add(ticks)),
                    None => break (Waited::Stranded, began_ns),
                },
            }
        };
        self.depth.set(self.depth.get() - 1);
        let mut world = self.world.borrow_mut();
        // Whoever woke it meanwhile finds it awake.
        world.turn_begins(process);
        // Those who blocked later may have kept it standing for longer.
        world.switch_to(process, began_ns.max(ends_ns).max(self.latest_ns.get()));
        waited
    }

    /// For a process in the middle of its turn: one other reaches `until_ns`, if it has something to do before.
    pub fn run_one(&self, process: ProcessId, other: ProcessId, until_ns: u64) {
        let began_ns = self.world.borrow().now_ns();
        self.depth.set(self.depth.get() + 1);
        loop {
            let Some(time_ns) = self.world.borrow_mut().take_turn_before(other, until_ns) else {
                break;
            };
            let Some(ticks) = self.turn_of(other, time_ns, u64::MAX) else {
                break;
            };
            self.inner_ticks
                .set(self.inner_ticks.get().saturating_add(ticks));
        }
        self.depth.set(self.depth.get() - 1);
        let mut world = self.world.borrow_mut();
        world.turn_begins(process);
        world.switch_to(process, began_ns);
    }

    /// The next turn of whoever is first. `None` when nobody can have one.
    fn turn(&self, ticks_max: u64) -> Option<u64> {
        let ticks = self.happen(ticks_max);
        #[cfg(feature = "network")]
        self.heed_orders();
        ticks
    }

    fn happen(&self, ticks_max: u64) -> Option<u64> {
        let (time_ns, happening) = self.world.borrow_mut().queue.pop()?;
        match happening {
            #[cfg(feature = "network")]
            Happening::ProcessResumes(machine) if machine >= MACHINE_FIRST => {
                Some(self.turn_of_machine(machine, time_ns))
            }
            Happening::ProcessResumes(process) => self.turn_of(process, time_ns, ticks_max),
            #[cfg(feature = "network")]
            other => {
                if !matches!(other, Happening::FaultIsDrawn(_)) {
                    self.busy_ns.set(time_ns);
                }
                self.world.borrow_mut().happens(time_ns, other);
                Some(PACKET_TICKS)
            }
        }
    }

    fn turn_of(&self, process: ProcessId, time_ns: u64, ticks_max: u64) -> Option<u64> {
        self.latest_ns.set(self.latest_ns.get().max(time_ns));
        #[cfg(feature = "network")]
        {
            let mut world = self.world.borrow_mut();
            if let Err(free_ns) = world.take_core(process, time_ns) {
                world.turn_begins(process);
                world.resume_at(process, free_ns);
                return Some(1);
            }
        }
        let mut system = {
            let mut slots = self.slots.borrow_mut();
            let slot = slots.get_mut(&process)?;
            match std::mem::replace(slot, Slot::Running) {
                Slot::Idle(system) => system,
                Slot::Unborn(birth) => {
                    drop(slots);
                    self.world.borrow_mut().switch_to(process, time_ns);
                    birth()?
                }
                // It is on the stack already, and will find what it was woken for when it next looks.
                other => {
                    *slot = other;
                    self.world.borrow_mut().turn_begins(process);
                    return Some(0);
                }
            }
        };
        {
            let mut world = self.world.borrow_mut();
            world.turn_begins(process);
            world.switch_to(process, time_ns);
        }
        let (turn, ticks) = system.resume(ticks_max);
        #[cfg(feature = "network")]
        if !system.is_at_rest() {
            self.busy_ns.set(self.world.borrow().now_ns());
        }
        #[cfg(feature = "network")]
        let turn = if self.is_doomed(process) && !matches!(turn, Turn::Exited(_)) {
            system.kill();
            Turn::Exited(KILLED)
        } else {
            turn
        };
        let mut world = self.world.borrow_mut();
        world.turn_ended(process);
        let now_ns = world.now_ns();
        match turn {
            Turn::Again => world.resume_at(process, now_ns),
            Turn::SleepsUntil(until_ns) => world.resume_at(process, until_ns),
            Turn::Waits => {}
            Turn::Exited(_) => world.forget(process),
        }
        drop(world);
        if let Turn::Exited(code) = turn {
            self.exited(process, code, system);
        } else {
            self.slots.borrow_mut().insert(process, Slot::Idle(system));
        }
        // A turn that costs no tick still counts, or an idle loop would hold the slice forever.
        Some(ticks.max(1))
    }

    fn exited(&self, process: ProcessId, code: i32, system: S) {
        self.running.set(self.running.get() - 1);
        self.slots.borrow_mut().insert(process, Slot::Gone);
        if process == self.first.get() {
            self.exit_code.set(Some(code));
        }
        #[cfg(feature = "network")]
        let begins = self.begins.borrow();
        #[cfg(feature = "network")]
        let is_kept = begins.iter().any(|begun| begun.process == process);
        #[cfg(not(feature = "network"))]
        let is_kept = false;
        if is_kept || process <= self.of_scenario {
            self.kept.borrow_mut().insert(process, system);
        }
    }

    #[cfg(feature = "network")]
    fn turn_of_machine(&self, number: ProcessId, time_ns: u64) -> u64 {
        let mut machines = self.machines.borrow_mut();
        let Some(machine) = machines.get_mut(&number) else {
            return 0;
        };
        let mut world = self.world.borrow_mut();
        world.turn_begins(number);
        world.switch_to(number, time_ns);
        let turn = if machine.drives() && world.meets_limit() {
            machine.end(&mut world);
            Turn::Exited(0)
        } else {
            machine.act(&mut world)
        };
        if machine.is_busy() {
            self.busy_ns.set(time_ns);
        }
        world.turn_ended(number);
        match turn {
            Turn::Again => world.resume_at(number, time_ns),
            Turn::SleepsUntil(until_ns) => world.resume_at(number, until_ns),
            Turn::Waits => {}
            Turn::Exited(_) => {
                if machine.drives() {
                    self.driving.set(self.driving.get() - 1);
                }
                machines.remove(&number);
                world.forget(number);
            }
        }
        MACHINE_TICKS
    }

    /// Nothing can come of what is due at `next_ns` and later: all processes rest, nothing is on its way between them,
    /// and either servers alone are left, or nothing has happened for longer than any patience.
    #[cfg(feature = "network")]
    fn is_quiet(&self, next_ns: u64) -> bool {
        let busy_ns = self.busy_ns.get();
        if next_ns.saturating_sub(busy_ns) < LULL_NS || self.is_driven() {
            return false;
        }
        let world = self.world.borrow();
        let is_silent = !world.foresees_changes()
            && world.network.in_flight() == 0
            && (world.network.is_deserted() || next_ns - busy_ns > PATIENCE_NS);
        is_silent
            && !self
                .machines
                .borrow()
                .values()
                .any(|machine| machine.is_busy())
            && self.slots.borrow().values().all(|slot| match slot {
                Slot::Idle(system) => system.is_at_rest(),
                Slot::Gone => true,
                Slot::Unborn(_) | Slot::Running => false,
            })
    }

    /// A machine that awaits this goes on at `now_ns`; or the first process that waits is told that it waits in vain.
    #[cfg_attr(
        not(feature = "network"),
        expect(unused_variables, reason = "there is no machine")
    )]
    fn strand(&self, now_ns: u64) {
        #[cfg(feature = "network")]
        if self.driving.get() > 0 {
            if !self.rouse_machine(now_ns) {
                self.end_machine();
            }
            return;
        }
        let mut slots = self.slots.borrow_mut();
        let waiting = slots.iter_mut().find_map(|(process, slot)| match slot {
            Slot::Idle(system) => Some((*process, system)),
            _ => None,
        });
        if let Some((process, system)) = waiting {
            // What it says of that is neither before its own clock nor before what it waited for in vain.
            let now_ns = self.world.borrow_mut().catch_up(process);
            system.strand();
            self.world.borrow_mut().resume_at(process, now_ns);
        }
    }
}

#[cfg(feature = "network")]
impl<S: System> Scheduler<S> {
    fn is_doomed(&self, process: ProcessId) -> bool {
        let mut doomed = self.doomed.borrow_mut();
        let before = doomed.len();
        doomed.retain(|other| *other != process);
        doomed.len() < before
    }

    /// What the faults of this turn have ended and begun.
    fn heed_orders(&self) {
        let orders = self.world.borrow_mut().faults.take_orders();
        for Order { host, begins } in orders {
            if begins {
                self.begin_on(host);
            } else {
                self.end_on(host);
            }
        }
    }

    fn end_on(&self, host: HostId) {
        let processes = self.world.borrow().processes_on(host);
        for process in processes {
            self.kill(process);
        }
        let mut machines = self.machines.borrow_mut();
        let mut world = self.world.borrow_mut();
        for (number, machine) in machines.iter_mut() {
            if machine.host() == host && !machine.drives() {
                machine.crash();
                world.close_sockets_of(*number);
            }
        }
    }

    fn kill(&self, process: ProcessId) {
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.get_mut(&process) else {
            return;
        };
        match std::mem::replace(slot, Slot::Gone) {
            Slot::Gone => {}
            Slot::Running => {
                *slot = Slot::Running;
                self.doomed.borrow_mut().push(process);
            }
            Slot::Unborn(_) => {
                self.running.set(self.running.get() - 1);
                drop(slots);
                self.world.borrow_mut().forget(process);
            }
            Slot::Idle(mut system) => {
                drop(slots);
                let (now_ns, own_ns) = {
                    let world = self.world.borrow();
                    (world.now_ns(), world.clock_of(process))
                };
                self.world.borrow_mut().switch_to(process, own_ns);
                system.kill();
                {
                    let mut world = self.world.borrow_mut();
                    world.forget(process);
                    world.switch_to(0, now_ns);
                }
                self.exited(process, KILLED, system);
            }
        }
    }

    fn begin_on(&self, host: HostId) {
        {
            let mut machines = self.machines.borrow_mut();
            let mut world = self.world.borrow_mut();
            for (number, machine) in machines.iter_mut() {
                if machine.host() == host && !machine.drives() {
                    machine.restart(&mut world);
                    let now_ns = world.now_ns();
                    world.resume_at(*number, now_ns);
                }
            }
        }
        for begun in self.begins.borrow_mut().iter_mut() {
            let slots = self.slots.borrow();
            let is_gone = matches!(slots.get(&begun.process), Some(Slot::Gone));
            drop(slots);
            // One that has ended of itself is not begun again by a host that was never down.
            if begun.host == host && is_gone {
                let process = self.number();
                if begun.process == self.first.get() {
                    self.first.set(process);
                }
                begun.process = process;
                self.begin(process, begun);
            }
        }
    }

    fn begin(&self, process: ProcessId, begun: &Beginning) {
        let (Some(start), Some(me)) = (self.start.borrow().clone(), self.me.borrow().upgrade())
        else {
            return;
        };
        let spec = begun.spec.clone();
        let birth = move || Some((start.borrow_mut())(process, spec, me));
        let birth: Birth<S> = Box::new(birth);
        self.slots.borrow_mut().insert(process, Slot::Unborn(birth));
        self.running.set(self.running.get() + 1);
        let mut world = self.world.borrow_mut();
        world.settle(process, begun.host);
        let now_ns = world.now_ns();
        world.resume_at(process, now_ns);
    }
}

#[cfg(feature = "network")]
impl<S> Scheduler<S> {
    /// A machine is at something, or will be.
    fn is_driven(&self) -> bool {
        let machines = self.machines.borrow();
        let mut machines = machines.values();
        self.driving.get() > 0 && machines.any(|machine| machine.drives() && !machine.awaits_rest())
    }

    /// The first machine that awaits it hears that the world is at rest.
    fn rouse_machine(&self, now_ns: u64) -> bool {
        let mut machines = self.machines.borrow_mut();
        let awaiting = machines
            .iter_mut()
            .find(|(_, machine)| machine.awaits_rest());
        let Some((number, machine)) = awaiting else {
            return false;
        };
        machine.rest_comes();
        self.world.borrow_mut().resume_at(*number, now_ns);
        true
    }

    /// The first machine that drives the world, and waits in vain.
    fn end_machine(&self) {
        let mut machines = self.machines.borrow_mut();
        let driving = machines.iter_mut().find(|(_, machine)| machine.drives());
        if let Some((number, machine)) = driving {
            let number = *number;
            let mut world = self.world.borrow_mut();
            machine.end(&mut world);
            machines.remove(&number);
            world.forget(number);
        }
        self.driving.set(self.driving.get() - 1);
    }
}

/// A world and the processes in it.
pub struct Sim<S> {
    scheduler: Rc<Scheduler<S>>,
    /// The latest moment that any process has reached.
    ended_ns: u64,
}

impl<S: System> Sim<S> {
    /// `start` makes each process; all are ready at time zero, in the order of the scenario.
    pub fn new(
        scenario: Scenario,
        mut start: impl FnMut(ProcessId, protocol::ProcessSpec, Rc<Scheduler<S>>) -> S + 'static,
    ) -> Self {
        let scheduler = Rc::new(Scheduler {
            world: Rc::new(RefCell::new(World::new(&scenario))),
            slots: RefCell::default(),
            kept: RefCell::default(),
            of_scenario: scenario.processes.len() as ProcessId,
            process_last: Cell::new(0),
            running: Cell::new(0),
            exit_code: Cell::new(None),
            inner_ticks: Cell::new(0),
            depth: Cell::new(0),
            stack_base: Cell::new(0),
            #[cfg(feature = "network")]
            busy_ns: Cell::new(0),
            latest_ns: Cell::new(0),
            #[cfg(feature = "network")]
            machines: RefCell::default(),
            driving: Cell::new(0),
            first: Cell::new(1),
            #[cfg(feature = "network")]
            begins: RefCell::default(),
            #[cfg(feature = "network")]
            start: RefCell::default(),
            #[cfg(feature = "network")]
            me: RefCell::default(),
            #[cfg(feature = "network")]
            doomed: RefCell::default(),
        });
        #[cfg(feature = "network")]
        let begins_again = scheduler.world.borrow().may_begin_again();
        for spec in scenario.processes {
            let process = scheduler.number();
            #[cfg(feature = "network")]
            {
                let mut world = scheduler.world.borrow_mut();
                let host = world.network.host_named(&spec.host);
                world.settle(process, host);
                if begins_again {
                    scheduler.begins.borrow_mut().push(Beginning {
                        host,
                        spec: spec.clone(),
                        process,
                    });
                }
            }
            let system = start(process, spec, scheduler.clone());
            scheduler
                .slots
                .borrow_mut()
                .insert(process, Slot::Idle(system));
            scheduler.running.set(scheduler.running.get() + 1);
            scheduler.world.borrow_mut().resume_at(process, 0);
        }
        #[cfg(feature = "network")]
        if begins_again {
            *scheduler.me.borrow_mut() = Rc::downgrade(&scheduler);
            *scheduler.start.borrow_mut() = Some(Rc::new(RefCell::new(Box::new(start))));
        }
        Self {
            scheduler,
            ended_ns: 0,
        }
    }

    pub fn world(&self) -> &Rc<RefCell<World>> {
        &self.scheduler.world
    }

    /// One more machine, which has its first turn at time zero. `make` is given its number.
    #[cfg(feature = "network")]
    pub fn add_machine<M: Machine + 'static>(
        &mut self,
        make: impl FnOnce(ProcessId, &mut World) -> M,
    ) {
        let made: Result<(), Infallible> =
            self.try_add_machine(|number, world| Ok(make(number, world)));
        match made {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }

    /// The same, if it can be made.
    #[cfg(feature = "network")]
    pub fn try_add_machine<M: Machine + 'static, E>(
        &mut self,
        make: impl FnOnce(ProcessId, &mut World) -> Result<M, E>,
    ) -> Result<(), E> {
        let mut machines = self.scheduler.machines.borrow_mut();
        let number = MACHINE_FIRST + machines.len() as ProcessId;
        let mut world = self.scheduler.world.borrow_mut();
        let machine = make(number, &mut world)?;
        if machine.drives() {
            let driving = &self.scheduler.driving;
            driving.set(driving.get() + 1);
        }
        machines.insert(number, Box::new(machine));
        world.resume_at(number, 0);
        Ok(())
    }

    /// To every process that runs, as a terminal does it.
    #[cfg(feature = "network")]
    pub fn signal(&mut self, number: i32) {
        for (_, slot) in self.scheduler.slots.borrow_mut().iter_mut() {
            if let Slot::Idle(system) = slot {
                system.signal(number);
            }
        }
    }

    /// Asks the scenario's processes, once all have exited, in their order.
    pub fn with_kept<T>(&self, ask: impl FnOnce(&[&S]) -> T) -> T {
        let kept = self.scheduler.kept.borrow();
        let systems: Vec<&S> = kept.values().collect();
        ask(&systems)
    }

    /// Runs a slice. The replies of a slice together never hold more than `events_max` events plus one turn's.
    pub fn step(&mut self, ticks_max: u64, events_max: usize) -> Status {
        self.step_until(None, ticks_max, events_max)
    }

    /// The same, and nothing that is due after `until_ns`; a world in which nothing is due waits.
    pub fn step_until(
        &mut self,
        until_ns: Option<u64>,
        ticks_max: u64,
        events_max: usize,
    ) -> Status {
        let scheduler = self.scheduler.clone();
        let mut ticks_left = ticks_max.max(1);
        while scheduler.goes_on() && ticks_left > 0 {
            if scheduler.world.borrow().recorder.pending_len() >= events_max {
                break;
            }
            let next_ns = scheduler.world.borrow().queue.next_time_ns();
            match (next_ns, until_ns) {
                (None, None) => scheduler.strand(self.ended_ns),
                (None, Some(_)) => break,
                (Some(next_ns), Some(until_ns)) if next_ns > until_ns => break,
                #[cfg(feature = "network")]
                (Some(next_ns), None) if scheduler.is_quiet(next_ns) => {
                    scheduler.strand(self.ended_ns);
                }
                _ => {}
            }
            let Some(ticks) = scheduler.turn(ticks_left) else {
                break;
            };
            let ticks = ticks.saturating_add(scheduler.inner_ticks.take());
            ticks_left = ticks_left.saturating_sub(ticks);
            self.ended_ns = self.ended_ns.max(scheduler.world.borrow().now_ns());
        }
        // A world without programs ends well.
        let exit_code = scheduler.exit_code.get();
        match exit_code.or((scheduler.of_scenario == 0).then_some(0)) {
            Some(exit_code) if !scheduler.goes_on() => Status::Finished {
                now_ns: self.ended_ns,
                exit_code,
                trace_hash: scheduler.world.borrow().recorder.hash().0,
            },
            _ => Status::Running {
                now_ns: self.ended_ns,
            },
        }
    }
}

impl<S> Drop for Sim<S> {
    /// Processes hold the scheduler, and the scheduler holds them.
    fn drop(&mut self) {
        let slots = self.scheduler.slots.take();
        drop(slots);
        let kept = self.scheduler.kept.take();
        drop(kept);
    }
}

#[cfg(test)]
mod tests {
    use protocol::{EventKind, Limits, ProcessSpec, Record};

    use super::*;

    /// Sleeps for a drawn time, three times, and writes down when it woke.
    struct Sleeper {
        process: ProcessId,
        world: Rc<RefCell<World>>,
        rounds: u32,
        chance: crate::Stream,
    }

    impl System for Sleeper {
        fn resume(&mut self, _: u64) -> (Turn, u64) {
            let mut world = self.world.borrow_mut();
            world.record(None, self.process, EventKind::PollWoke, vec![]);
            self.rounds += 1;
            if self.rounds > 3 {
                return (Turn::Exited(0), 1);
            }
            let until_ns = world.now_ns() + self.chance.below(1_000_000);
            (Turn::SleepsUntil(until_ns), 1)
        }

        fn strand(&mut self) {}

        fn kill(&mut self) {}
    }

    fn scenario(seed: u64) -> Scenario {
        let spec = ProcessSpec {
            host: "a".into(),
            entry: "/app/main.js".into(),
            args: vec![],
            env: vec![],
            cwd: "/app".into(),
            files: vec![],
            transpiled: Vec::new(),
            stdin: vec![],
            tick_ns: 50,
        };
        Scenario {
            seed,
            picks: protocol::scenario::Picks::default(),
            epoch_ms: 0,
            limits: Limits::PAGE,
            record: Record::All,
            network: protocol::scenario::NetworkSpec::default(),
            processes: vec![spec.clone(), spec],
        }
    }

    fn run(seed: u64, slice: u64) -> Status {
        let mut sim = Sim::new(scenario(seed), |process, _, scheduler| {
            let world = scheduler.world().clone();
            let chance = world.borrow().chance.stream(&format!("sleeper {process}"));
            Sleeper {
                process,
                world,
                rounds: 0,
                chance,
            }
        });
        loop {
            let status = sim.step(slice, 1000);
            if matches!(status, Status::Finished { .. }) {
                return status;
            }
        }
    }

    #[test]
    fn a_run_is_its_seed_however_it_is_sliced() {
        assert_eq!(run(7, 1), run(7, 1_000_000));
        assert_ne!(run(7, 1), run(8, 1));
    }
}
