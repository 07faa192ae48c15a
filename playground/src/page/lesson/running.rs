//! Running in the jar, and grading.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use protocol::{
    EventKind, Record, Reply, Scenario, Status as JarStatus, VERSION,
    codec::{self, Stretch},
    lesson::Lesson,
    scenario::Picks,
};
use recording::{Following, Handed, InOrder, Shared, TimeCommand, inject::Injection, reduce};
use yew::prelude::*;

use super::{super::console, Job, Landing, LessonPage, Message, Unread};
use crate::{
    edge::{
        assets, browser,
        jar::{Heard, Jar, JobId, Part},
        storage,
    },
    state::{
        focus::Focus,
        fork::{Kept, Versus},
        grading::{Grading, Verdict},
        run::Ending,
    },
};

/// So long the page reads events before it lets the browser draw.
const READ_MS_MAX: f64 = 8.0;
/// A recording that grows is drawn so often at most: the picture of all of it is costlier than its next events.
const SHOW_EVERY_MS: f64 = 150.0;

impl LessonPage {
    pub(super) fn open_jar(&mut self, ctx: &Context<Self>) {
        let (None, Some(simulation)) = (&self.jar, &ctx.props().simulation) else {
            return;
        };
        match Jar::open(simulation, ctx.link().callback(Message::Heard)) {
            Ok(jar) => self.jar = Some(jar),
            Err(sentence) => ctx.props().on_notice.emit(sentence),
        }
    }

    pub(super) fn start(&mut self, ctx: &Context<Self>, seed: u64) {
        self.start_picked(ctx, seed, Picks::default(), None);
    }

    pub(super) fn start_picked(
        &mut self,
        ctx: &Context<Self>,
        seed: u64,
        picks: Picks,
        landing: Option<Landing>,
    ) {
        (self.picks, self.landing) = (picks, landing);
        self.save(ctx);
        self.halt(ctx);
        if ctx.props().simulation.is_none() {
            self.wanted = Some(seed);
            return;
        }
        self.open_jar(ctx);
        if self.jar.is_none() {
            return;
        }
        let lesson = &ctx.props().lesson;
        self.run.begin(seed);
        self.versus = None;
        self.console = console::Shared::default();
        self.recording = Shared::default();
        self.show();
        // How fast and by what to step are the reader's choice and stay.
        self.playhead = reduce(&self.playhead, TimeCommand::Pause, &self.recording.read());
        self.playhead.event = 0;
        self.playhead = reduce(
            &self.playhead,
            TimeCommand::SetRange(None),
            &self.recording.read(),
        );
        self.playhead.follows = true;
        self.focus = Focus::default();
        self.highlight = None;
        self.following = Following::default();
        self.order = InOrder::default();
        // What the reader picks is one run, and no proof for others.
        self.grading = Some(match self.picks == Picks::default() {
            true => Grading::of(seed, lesson.world.seed, lesson.check_seeds),
            false => Grading::of(seed, seed, 1),
        });
        if let Some(prediction) = &mut self.prediction {
            prediction.forget_run();
        }
        self.jobs += 1;
        self.job = Job::Recording(self.jobs);
        Rc::make_mut(&mut self.asking).begin();
        let mut scenario = self.world_by_hand(lesson, seed, Record::All);
        scenario.picks = self.picks.clone();
        let Some(jar) = &self.jar else {
            return;
        };
        // Checks judge the program in its own world.
        let checks = Some(lesson.checks.as_str()).filter(|_| self.is_untouched());
        if let Err(reason) = jar.start(self.jobs, &scenario, checks) {
            self.run.end(Ending::Refused { reason });
            self.job = Job::Idle;
        }
    }

    fn grade_next(&mut self, ctx: &Context<Self>) {
        self.job = Job::Idle;
        let Some(seed) = self.grading.as_ref().and_then(Grading::next_seed) else {
            return;
        };
        let (Some(jar), lesson) = (&self.jar, &ctx.props().lesson) else {
            return;
        };
        self.jobs += 1;
        let scenario = lesson.scenario(self.edits.texts(), seed, Record::Output);
        if jar
            .start(self.jobs, &scenario, Some(&lesson.checks))
            .is_ok()
        {
            self.job = Job::Grading(self.jobs);
        }
    }

    /// Whatever the worker is still at no longer matters.
    fn halt(&mut self, ctx: &Context<Self>) {
        if self.job != Job::Idle {
            // A worker inside a callback cannot listen; a new one can.
            self.jar = None;
            self.job = Job::Idle;
            self.open_jar(ctx);
        }
        self.unread.clear();
        self.known_events = 0;
        self.reading = None;
    }

    pub(super) fn stop(&mut self) {
        match (self.job, &self.jar) {
            (Job::Recording(job), Some(jar)) => {
                jar.stop(job);
                // What has come so far is kept, what comes later is not.
                self.job = Job::Idle;
                self.ended(Ending::Stopped);
            }
            _ => self.wanted = None,
        }
    }

    pub(super) fn heard(&mut self, ctx: &Context<Self>, heard: Heard) -> bool {
        match heard {
            Heard::Ready => false,
            Heard::Reply { job, bytes } => {
                let unread = match Stretch::open(bytes) {
                    Ok(stretch) => Unread::Events(stretch),
                    Err(bytes) => match codec::decode(&bytes) {
                        Ok(reply) => Unread::Other(reply),
                        Err(reason) => Unread::Other(Reply::Refused { reason }),
                    },
                };
                self.receive(ctx, job, unread)
            }
            Heard::Wanting { job, part } => {
                ctx.link().send_future(async move {
                    let part = assets::part(&part).await;
                    Message::Part { job, part }
                });
                false
            }
            Heard::Ended { job } => self.receive(ctx, job, Unread::Ended),
            Heard::Trapped { job, report } => {
                self.broke(ctx, job, Ending::Trapped { report }, false)
            }
            Heard::Lost {
                job, silent: true, ..
            } => self.broke(ctx, job, Ending::Silent, true),
            Heard::Lost { job, report, .. } => {
                self.broke(ctx, job, Ending::Trapped { report }, true)
            }
        }
    }

    pub(super) fn part_came(
        &mut self,
        ctx: &Context<Self>,
        job: JobId,
        part: Result<Part, String>,
    ) -> bool {
        let is_present = matches!(self.job, Job::Recording(own) | Job::Grading(own) if own == job);
        let (Some(jar), true) = (&self.jar, is_present) else {
            return false;
        };
        if let Err(reason) = part.and_then(|part| jar.add_part(part)) {
            return self.broke(ctx, job, Ending::Refused { reason }, true);
        }
        self.receive(ctx, job, Unread::Again)
    }

    fn receive(&mut self, ctx: &Context<Self>, job: JobId, unread: Unread) -> bool {
        match self.job {
            Job::Recording(own) if own == job => {
                self.unread.push_back(unread);
                if self.reading.is_none() {
                    self.read(ctx);
                    return true;
                }
                false
            }
            Job::Grading(own) if own == job => {
                match unread {
                    Unread::Other(Reply::Graded(mut report)) => {
                        if !self.is_untouched() {
                            // Its places are those of another recording.
                            report
                                .outcomes
                                .iter_mut()
                                .for_each(|outcome| outcome.at = None);
                        }
                        if let Some(grading) = &mut self.grading {
                            grading.take(&report);
                        }
                    }
                    Unread::Ended => {
                        self.grade_next(ctx);
                        self.judged(ctx);
                        return true;
                    }
                    _ => {}
                }
                false
            }
            _ => false,
        }
    }

    fn broke(&mut self, ctx: &Context<Self>, job: JobId, ending: Ending, replace: bool) -> bool {
        if replace {
            self.jar = None;
            self.open_jar(ctx);
        }
        match self.job {
            Job::Recording(own) if own == job => {
                self.job = Job::Idle;
                self.ended(ending);
                true
            }
            Job::Grading(own) if own == job => {
                self.job = Job::Idle;
                self.grading = None;
                true
            }
            _ => replace,
        }
    }

    /// Reads what has come, for a few milliseconds.
    pub(super) fn read(&mut self, ctx: &Context<Self>) {
        self.reading = None;
        let until = browser::now_ms() + READ_MS_MAX;
        let mut batch = Vec::new();
        while let Some(front) = self.unread.front_mut() {
            match front {
                Unread::Events(stretch) => {
                    match stretch.next_event() {
                        Ok(Some(_)) if self.known_events > 0 => {
                            self.known_events -= 1;
                            continue;
                        }
                        Ok(Some(event)) => {
                            batch.push(event);
                            // The clock is asked now and then only.
                            if batch.len().is_multiple_of(256) && browser::now_ms() > until {
                                break;
                            }
                            continue;
                        }
                        Ok(None) => {
                            let status = stretch.status.clone();
                            self.unread.pop_front();
                            if let JarStatus::Finished {
                                exit_code,
                                trace_hash,
                                ..
                            } = status
                            {
                                self.append(std::mem::take(&mut batch));
                                let code = exit_code;
                                self.ended(Ending::Exited { code, trace_hash });
                            }
                        }
                        Err(reason) => {
                            self.unread.clear();
                            self.append(std::mem::take(&mut batch));
                            self.ended(Ending::Refused { reason });
                        }
                    }
                }
                Unread::Other(_) | Unread::Again | Unread::Ended => match self.unread.pop_front() {
                    Some(Unread::Other(reply)) => self.replied(reply),
                    Some(Unread::Again) => {
                        self.append(std::mem::take(&mut batch));
                        self.known_events = self.order.taken();
                    }
                    Some(Unread::Ended) => {
                        self.grade_next(ctx);
                        self.judged(ctx);
                    }
                    _ => {}
                },
            }
        }
        self.append(batch);
        if !self.unread.is_empty() {
            let link = ctx.link().clone();
            self.reading = Some(Timeout::new(0, move || link.send_message(Message::Read)));
        }
    }

    fn replied(&mut self, reply: Reply) {
        match reply {
            Reply::Started { version } if version != VERSION => {
                let reason = format!(
                    "The simulation speaks version {version} and this page {VERSION}. Reload the page to get both anew."
                );
                self.ended(Ending::Refused { reason });
            }
            Reply::Refused { reason } => self.ended(Ending::Refused { reason }),
            Reply::Graded(mut report) => {
                for outcome in &mut report.outcomes {
                    outcome.at = outcome.at.map(|event| self.order.place(event));
                }
                if let Some(grading) = &mut self.grading {
                    grading.take(&report);
                }
            }
            Reply::Loaded { .. }
            | Reply::Started { .. }
            | Reply::Stepped { .. }
            | Reply::Wanting { .. }
            | Reply::Exchanged { .. }
            | Reply::Compiled { .. } => {}
        }
    }

    fn append(&mut self, batch: Vec<protocol::Event>) {
        match self.order.push(batch) {
            Handed::Next(batch) => self.take(batch),
            Handed::Anew(batch) => {
                let mut again = self.recording.read().events().to_vec();
                again.extend(batch);
                self.recording = Shared::default();
                self.console = console::Shared::default();
                self.run.forget_events();
                Rc::make_mut(&mut self.asking).begin();
                self.append(again);
            }
        }
    }

    pub(super) fn take(&mut self, batch: Vec<protocol::Event>) {
        if batch.is_empty() {
            return;
        }
        let run = &mut self.run;
        let is_answer = |event: &protocol::Event| matches!(event.kind, EventKind::AskEnded { .. });
        for (id, event) in (run.events..)
            .zip(&batch)
            .filter(|(_, event)| is_answer(event))
        {
            Rc::make_mut(&mut self.asking).take(id, event);
        }
        self.console.change(|console| {
            for (id, event) in (run.events..).zip(&batch) {
                console.append(id, event);
                run.notice(id, event, console);
            }
        });
        self.recording = self.recording.pushed(batch);
        if browser::now_ms() - self.shown_ms > SHOW_EVERY_MS {
            self.show();
        }
    }

    /// Lets the views see all that has been read.
    fn show(&mut self) {
        self.shown = self.recording.clone();
        self.following.read(&self.shown.read());
        self.shown_ms = browser::now_ms();
        self.time(TimeCommand::Grown);
    }

    fn ended(&mut self, ending: Ending) {
        if !self.run.running() {
            return;
        }
        let rest = self.order.finish();
        self.take(rest);
        self.run.end(ending);
        self.recording = self.recording.finished();
        self.show();
        self.versus = self.kept.as_ref().map(|kept| {
            let (seed, code) = (self.run.seed, self.run.exit_code());
            Versus::new(kept.clone(), &self.recording, seed, code)
        });
        let is_untouched = self.is_untouched();
        if let Some(prediction) = &mut self.prediction
            && self.run.recorded()
            && is_untouched
        {
            let host = prediction.host.clone();
            prediction.compare(self.console.read().stdout(host.as_deref()));
        }
        let landing = self.landing.take();
        let landing = landing.and_then(|landing| {
            let recording = self.shown.read();
            match landing {
                Landing::Choice(choice) => recording.choices().nth(choice),
                Landing::Time(time_ns) => recording.first_from(time_ns),
            }
        });
        let trouble = self.run.trouble.as_ref().map(|trouble| trouble.event);
        if let Some(event) = landing.or(trouble) {
            self.time(TimeCommand::Seek(event));
        }
    }

    pub(super) fn fork(&mut self) {
        let (seed, code) = (self.run.seed, self.run.exit_code());
        let kept = Kept::new(self.recording.clone(), seed, code, self.playhead.event);
        self.kept = Some(Rc::new(kept));
        self.versus = None;
    }

    /// What happens until the playhead happens again: what is picked for later may no longer fit.
    pub(super) fn inject(&mut self, ctx: &Context<Self>, injection: Injection) {
        let (at_ns, choices) = {
            let recording = self.shown.read();
            let event = recording.snap(self.playhead.event);
            let before = recording.choices().take_while(|choice| *choice <= event);
            (recording.time_ns(event) + 1, before.count())
        };
        self.fork();
        self.injected.add(at_ns, injection);
        let mut picks = self.picks.clone();
        picks.taken.truncate(choices);
        self.start_picked(ctx, self.run.seed, picks, Some(Landing::Time(at_ns)));
    }

    /// The reader's program in the lesson's world, with what was asked and broken by hand.
    pub(super) fn world_by_hand(&self, lesson: &Lesson, seed: u64, record: Record) -> Scenario {
        let mut scenario = lesson.scenario(self.edits.texts(), seed, record);
        self.asking.join(&mut scenario);
        self.injected.join(&mut scenario);
        scenario
    }

    /// Nothing was asked and nothing broken by hand.
    pub(super) fn is_untouched(&self) -> bool {
        self.asking.sent().is_empty() && self.injected.is_empty()
    }

    /// A verdict may have come: a failure moves the playhead to its moment, a pass is remembered.
    fn judged(&mut self, ctx: &Context<Self>) {
        let verdict = self
            .grading
            .as_ref()
            .and_then(|grading| grading.verdict.as_ref());
        match verdict {
            Some(Verdict::Passed) if self.picks == Picks::default() => {
                let id = &ctx.props().lesson.id;
                if let Err(sentence) = storage::set(&storage::done_key(id), "1") {
                    ctx.props().on_notice.emit(sentence.to_string());
                }
                ctx.props().on_done.emit(id.clone());
            }
            Some(Verdict::Failed(failure))
                if failure.seed == self.run.seed
                    && self.run.trouble.is_none()
                    && self.picks == Picks::default() =>
            {
                // Before the reader has touched anything a failing check is no news.
                if let (Some(event), true) = (failure.at, self.edits.edited(&ctx.props().lesson)) {
                    self.time(TimeCommand::Seek(event));
                }
            }
            _ => {}
        }
    }
}
