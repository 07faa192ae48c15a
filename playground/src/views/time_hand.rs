//! The hand on the score: what dragging, pinching and the wheel do, and what lies under the pointer.
//!
//! A drag moves the playhead, with shift it chooses a range, at an end of the range it moves that end, and in the
//! overview of a zoomed score it moves the window. Two fingers zoom and move. The wheel zooms where it points; sideways,
//! or with shift, it moves the window.

use std::{cell::RefCell, rc::Rc};

use protocol::ProcessId;
use recording::{
    Axis, Edge, Following, Highlight, Lane, Range, Shared, TaskIndex, TimeCommand, Zoom,
    axis::within, density,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent, WheelEvent};
use yew::{Callback, NodeRef};

/// What a drag does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Grip {
    #[default]
    None,
    Playhead,
    Range {
        anchor_ns: u64,
    },
    Edge(Edge),
    /// The window, in the overview.
    Window,
    Pinch {
        middle_px: f64,
        apart_px: f64,
    },
}

#[derive(Debug, Default)]
pub struct Grasp {
    grip: Grip,
    /// Pointers that are down, and where.
    down: Vec<(i32, f64)>,
}

#[derive(Clone)]
pub struct Hand {
    /// The layer over the tracks, from which places are counted.
    pub overlay: NodeRef,
    pub recording: Shared,
    pub axis: Axis,
    /// That of the overview.
    pub whole: Axis,
    pub following: Following,
    pub grasp: Rc<RefCell<Grasp>>,
    pub on_command: Callback<TimeCommand>,
    pub on_zoom: Callback<Zoom>,
    pub on_point: Callback<Option<Highlight>>,
}

impl Hand {
    pub fn down(&self, event: &PointerEvent) {
        let target = target(event);
        let is_on = |selector: &str| closest(target.as_ref(), selector).is_some();
        if is_on(".flag, button, a") || event.button() > 1 {
            return;
        }
        let Some(x_px) = self.x_px(event.client_x()) else {
            return;
        };
        // The framework listens at its root, so that the event does not say where the listener stands.
        if let Some(strata) = closest(target.as_ref(), ".strata") {
            // Without capture the drag ends at the panel's edge, which is all that is lost.
            let _ = strata.set_pointer_capture(event.pointer_id());
        }
        event.prevent_default();
        let edge = closest(target.as_ref(), "[data-edge]");
        if let Some(focus) = edge.clone().or_else(|| self.head()) {
            // Arrow keys go on where the hand let go.
            let _ = focus.focus();
        }
        let mut grasp = self.grasp.borrow_mut();
        grasp.down.push((event.pointer_id(), x_px));
        grasp.grip = match (&grasp.down[..], edge) {
            ([(_, one), (_, other), ..], _) => Grip::Pinch {
                middle_px: (one + other) / 2.0,
                apart_px: (one - other).abs().max(1.0),
            },
            (_, Some(edge)) => Grip::Edge(match edge.get_attribute("data-edge").as_deref() {
                Some("from") => Edge::From,
                _ => Edge::To,
            }),
            _ if is_on(".r-over") && !self.axis.zoom().is_whole() => Grip::Window,
            _ if event.shift_key() => Grip::Range {
                anchor_ns: self.axis.time_ns(x_px.max(0.0)),
            },
            _ => Grip::Playhead,
        };
        let grip = grasp.grip;
        drop(grasp);
        match grip {
            Grip::Playhead => self.seek(x_px),
            // The window comes to where the overview is pressed beside it.
            Grip::Window => {
                let at_ns = self.whole.time_ns(x_px);
                let seen_px = self.axis.x_px(at_ns);
                if !(0.0..=self.axis.width_px()).contains(&seen_px) {
                    let middle_px = self.axis.width_px() / 2.0;
                    self.on_zoom.emit(self.axis.panned(seen_px - middle_px));
                }
            }
            _ => {}
        }
    }

    pub fn moved(&self, event: &PointerEvent) {
        let Some(x_px) = self.x_px(event.client_x()) else {
            return;
        };
        let mut grasp = self.grasp.borrow_mut();
        let id = event.pointer_id();
        let held = grasp.down.iter_mut().find(|(held, _)| *held == id);
        let by_px = held.map_or(0.0, |(_, last_px)| x_px - std::mem::replace(last_px, x_px));
        let grip = grasp.grip;
        if let ([(_, one), (_, other), ..], Grip::Pinch { .. }) = (&grasp.down[..], grip) {
            let (now_px, now_apart_px) = ((one + other) / 2.0, (one - other).abs().max(1.0));
            grasp.grip = Grip::Pinch {
                middle_px: now_px,
                apart_px: now_apart_px,
            };
        }
        let next = grasp.grip;
        drop(grasp);
        match (grip, next) {
            (Grip::None, _) => self.hover(event, x_px),
            (Grip::Playhead, _) => self.seek(x_px),
            (Grip::Range { anchor_ns }, _) => {
                let range = Range {
                    from_ns: anchor_ns,
                    to_ns: self.time_ns(x_px),
                };
                self.on_command.emit(TimeCommand::SetRange(Some(range)));
            }
            (Grip::Edge(edge), _) => {
                let command = TimeCommand::SetEdge(edge, self.time_ns(x_px));
                self.on_command.emit(command);
            }
            (Grip::Window, _) => {
                // As far as the window's frame is drawn to move.
                let left_px = self.whole.x_px(self.axis.from_ns()) + by_px;
                let to_ns = self.whole.time_ns(left_px.max(0.0));
                self.on_zoom.emit(self.axis.panned(self.axis.x_px(to_ns)));
            }
            (
                Grip::Pinch {
                    middle_px,
                    apart_px,
                },
                Grip::Pinch {
                    middle_px: now_px,
                    apart_px: now_apart_px,
                },
            ) => {
                let recording = self.recording.read();
                let times = now_apart_px / apart_px;
                let zoom = self.axis.nearer(&recording, times, middle_px);
                let moved = Axis::zoomed(
                    &recording,
                    self.axis.width_px(),
                    self.axis.folds_idle(),
                    zoom,
                );
                self.on_zoom.emit(moved.panned(middle_px - now_px));
            }
            (Grip::Pinch { .. }, _) => {}
        }
    }

    pub fn up(&self, event: &PointerEvent) {
        let mut grasp = self.grasp.borrow_mut();
        let id = event.pointer_id();
        grasp.down.retain(|(held, _)| *held != id);
        // One finger of two that stays down is not on the playhead.
        grasp.grip = Grip::None;
    }

    pub fn left(&self) {
        if self.grasp.borrow().grip == Grip::None {
            self.on_point.emit(None);
        }
    }

    /// Says whether the wheel has done anything; otherwise it may scroll the page.
    pub fn wheel(&self, event: &WheelEvent) -> bool {
        const LINE_PX: f64 = 16.0;
        let unit_px = if event.delta_mode() == WheelEvent::DOM_DELTA_LINE {
            LINE_PX
        } else {
            1.0
        };
        let (dx, dy) = (event.delta_x() * unit_px, event.delta_y() * unit_px);
        let Some(x_px) = self.x_px(event.client_x()) else {
            return false;
        };
        let (before, is_sideways) = (self.axis.zoom(), dx.abs() > dy.abs());
        let zoom = if is_sideways || event.shift_key() && !event.ctrl_key() {
            self.axis.panned(if is_sideways { dx } else { dy })
        } else {
            // A pinch on a touchpad comes as a wheel with control, in small steps.
            let pace = if event.ctrl_key() { 0.01 } else { 0.002 };
            let x_px = within(x_px, 0.0, self.axis.width_px());
            let times = within(-dy * pace, -1.0, 1.0).exp();
            self.axis.nearer(&self.recording.read(), times, x_px)
        };
        if zoom != before {
            self.on_zoom.emit(zoom);
        }
        zoom != before || !before.is_whole()
    }

    fn time_ns(&self, x_px: f64) -> u64 {
        self.axis.time_ns(within(x_px, 0.0, self.axis.width_px()))
    }

    fn x_px(&self, client_x: i32) -> Option<f64> {
        let overlay = self.overlay.cast::<Element>()?;
        Some(f64::from(client_x) - overlay.get_bounding_client_rect().left())
    }

    fn head(&self) -> Option<HtmlElement> {
        let overlay = self.overlay.cast::<Element>()?;
        overlay.query_selector(".head").ok()??.dyn_into().ok()
    }

    fn seek(&self, x_px: f64) {
        let x_px = within(x_px, 0.0, self.axis.width_px());
        let moment = self.axis.moment_near(&self.recording.read(), x_px);
        self.on_command.emit(TimeCommand::Seek(moment));
    }

    // --- what lies under the pointer ---

    fn hover(&self, event: &PointerEvent, x_px: f64) {
        let target = target(event);
        if event.pointer_type() == "touch" || closest(target.as_ref(), "[data-is]").is_some() {
            return;
        }
        let row =
            closest(target.as_ref(), "[data-row]").and_then(|row| row.get_attribute("data-row"));
        self.on_point.emit(row.and_then(|row| self.at(&row, x_px)));
    }

    /// `host-1`, `lane-1-timers`, `letter-A`.
    fn at(&self, row: &str, x_px: f64) -> Option<Highlight> {
        let recording = self.recording.read();
        let mut words = row.splitn(3, '-');
        match (words.next()?, words.next()?, words.next()) {
            ("host", process, None) => {
                let ran = recording.ran(process.parse().ok()?);
                self.task_at(ran, x_px).map(Highlight::Task)
            }
            ("lane", process, Some(lane)) => {
                let process: ProcessId = process.parse().ok()?;
                let lane = Lane::ALL
                    .into_iter()
                    .find(|known| known.short_name() == lane)?;
                let runs = self.task_at(recording.lane_started(process, lane), x_px);
                let waits = || {
                    let event = recording.at_time(self.time_ns(x_px));
                    recording.waiting(process, lane, event, 1).first().copied()
                };
                runs.or_else(waits).map(Highlight::Task)
            }
            ("letter", letter, None) => {
                let time_ns = self.time_ns(x_px);
                let slots = self
                    .following
                    .at(recording.network(), recording.at_time(time_ns));
                let (_, request) = slots
                    .into_iter()
                    .find(|(known, _)| known.name() == letter)?;
                let request = request?;
                let end = recording.network().request(request).end;
                let is_over = end.is_some_and(|(end, _)| recording.time_ns(end) < time_ns);
                (!is_over).then_some(Highlight::Request(request))
            }
            _ => None,
        }
    }

    /// What runs there, or as near as a finger is exact. They are in the order of their starts.
    fn task_at(&self, started: &[TaskIndex], x_px: f64) -> Option<TaskIndex> {
        const NEAR_PX: f64 = 3.0;
        let recording = self.recording.read();
        let time_ns = self.time_ns(x_px + NEAR_PX);
        let until = started.partition_point(|task| density::run(&recording, *task).0 <= time_ns);
        let task = started[until.checked_sub(1)?];
        let end_px = self.axis.x_px(density::run(&recording, task).1);
        (end_px + NEAR_PX >= x_px).then_some(task)
    }
}

fn target(event: &PointerEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn closest(target: Option<&Element>, selector: &str) -> Option<HtmlElement> {
    target?.closest(selector).ok()??.dyn_into().ok()
}
