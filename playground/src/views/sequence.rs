//! Messages between lifelines, later ones lower; they lean as long as they were on their way.
//!
//! Only what meets the part that is scrolled to is drawn. A label that would lie over another is left out of the
//! picture, never out of the text twin; a press on one goes to its moment and chooses its packet for all views.

use recording::{
    Few, Highlight, Recording, Sentence, TimeCommand,
    axis::within,
    score::BLOCKED_NS,
    sequence::{Activation, Message, SelfMessage, Sequence},
    time,
    words::some,
};
use web_sys::HtmlElement;
use yew::{
    Callback, Event, Html, MouseEvent, TargetCast, classes, function_component, html,
    use_effect_with, use_memo, use_node_ref, use_state, use_state_eq,
};

use super::{
    Chosen,
    caption::{caption, columns},
    drawn,
    following::request_class,
    glyphs::colour_class,
    measure::use_width_px,
    requests::{RequestViewProps, chooser, nothing_yet, use_request},
};

const WIDTH_PX_UNTIL_MEASURED: u32 = 520;
/// For the times at the left.
const LEFT_PX: f64 = 76.0;
const LANE_PX_MIN: f64 = 104.0;
const LANE_PX_MAX: f64 = 260.0;
/// What is drawn reaches so far beyond what is seen, and is drawn anew as often.
const WINDOW_PX: f64 = 600.0;
/// A label is a target, so it keeps its distance.
const LABEL_PX: f64 = 24.0;
const TWIN_ROWS: usize = 100;

#[function_component]
pub fn SequenceView(props: &RequestViewProps) -> Html {
    let as_text = use_state(bool::default);
    let is_all = use_state(bool::default);
    let scrolled_px = use_state_eq(|| 0.0);
    let scroller = use_node_ref();
    let recording = props.recording.read();
    let request = use_request(props);
    let width_px =
        use_width_px(&scroller, !*as_text && request.is_some()).unwrap_or(WIDTH_PX_UNTIL_MEASURED);
    let scope = (!*is_all).then_some(request).flatten();
    let sequence = use_memo((props.recording.clone(), scope), |(recording, scope)| {
        recording.read().sequence(*scope)
    });
    let now_ns = props.playhead.gliding_ns(&recording);
    let now_px = sequence.y_px(now_ns);
    {
        // What happens now is in sight.
        let scroller = scroller.clone();
        use_effect_with((props.playhead.event, scope, *as_text), move |_| {
            if let Some(scroller) = scroller.cast::<HtmlElement>() {
                let (top, height) = (
                    f64::from(scroller.scroll_top()),
                    f64::from(scroller.client_height()),
                );
                if now_px < top + 48.0 || now_px > top + height - 24.0 {
                    scroller.set_scroll_top((now_px - height / 2.0).max(0.0) as i32);
                }
            }
        });
    }
    let Some(request) = request else {
        return nothing_yet("The sequence of messages");
    };
    let onscroll = {
        let scrolled_px = scrolled_px.clone();
        Callback::from(move |event: Event| {
            let top = f64::from(event.target_unchecked_into::<HtmlElement>().scroll_top());
            scrolled_px.set((top / WINDOW_PX).floor() * WINDOW_PX);
        })
    };
    let scope_button = |all: bool, name: &'static str| {
        let is_all = is_all.clone();
        let onclick = Callback::from({
            let is_all = is_all.clone();
            move |_: MouseEvent| is_all.set(all)
        });
        html! { <button aria-pressed={(*is_all == all).to_string()} {onclick}>{ name }</button> }
    };
    let lanes = sequence.lives.len().max(1) as f64;
    let lane_px = within(
        (f64::from(width_px) - LEFT_PX) / lanes,
        LANE_PX_MIN,
        LANE_PX_MAX,
    );
    let picture = Picture {
        props,
        recording: &recording,
        sequence: &sequence,
        lane_px,
        width_px: LEFT_PX + lane_px * lanes,
        from_px: *scrolled_px - WINDOW_PX,
        to_px: *scrolled_px + WINDOW_PX * 3.0,
        now_px,
    };
    html! {
        <div class="view seqview" tabindex="0" role="group" aria-label="The sequence of messages">
            { caption(&told(&recording, &sequence, scope), "polite", &as_text) }
            <div class="which">
                <div class="seg" role="group" aria-label="Whose messages">
                    { scope_button(false, "This request") }{ scope_button(true, "Everything") }
                </div>
                if !*is_all {
                    { chooser(props, request) }
                }
            </div>
            if *as_text {
                { picture.twin(props.playhead.event) }
            } else {
                <div class="seqbox" ref={scroller} {onscroll} tabindex="0" role="group" aria-label="Messages, later ones lower">
                    <div class="seq" style={drawn("width:#px;height:#px", &[picture.width_px, sequence.height_px() + 56.0])}>
                        { picture.heads() }
                        { picture.body() }
                    </div>
                </div>
            }
            if sequence.more > 0 {
                <p class="tally">{ format!("{} are not shown.", some(sequence.more, "more message")) }</p>
            }
        </div>
    }
}

fn told(recording: &Recording, sequence: &Sequence, scope: Option<usize>) -> Sentence {
    let longest = sequence
        .messages
        .iter()
        .max_by_key(|message| message.left_ns - message.sent_ns);
    let why = longest.map_or_else(String::new, |message| {
        format!(
            "The longest on its way was {}, for {}.",
            label(recording, message),
            time::length(message.left_ns - message.sent_ns)
        )
    });
    let whose = scope.map_or_else(String::new, |request| {
        format!("{}: ", recording.request_line(request))
    });
    let count = sequence.messages.len() + sequence.more;
    Sentence {
        who: None,
        what: format!(
            "{whose}{} between {}.",
            some(count, "message"),
            some(sequence.lives.len(), "lifeline")
        ),
        why,
    }
}

/// `GET /notes`, `200 OK`, or what kind of packet it is.
fn label(recording: &Recording, message: &Message) -> String {
    recording.packet_line(message.packet)
}

struct Picture<'a> {
    props: &'a RequestViewProps,
    recording: &'a Recording,
    sequence: &'a Sequence,
    lane_px: f64,
    width_px: f64,
    from_px: f64,
    to_px: f64,
    now_px: f64,
}

impl Picture<'_> {
    fn x(&self, life: usize) -> f64 {
        LEFT_PX + (life as f64 + 0.5) * self.lane_px
    }

    fn y(&self, time_ns: u64) -> f64 {
        self.sequence.y_px(time_ns)
    }

    fn colour(&self, message: &Message) -> &'static str {
        let network = self.recording.network();
        let following = &self.props.following;
        request_class(
            message
                .request
                .and_then(|request| following.letter(network, request)),
        )
    }

    fn heads(&self) -> Html {
        let heads = self.sequence.lives.iter().enumerate().map(|(at, life)| {
            let choice = Chosen::Host(life.host);
            let onclick = self.props.on_select.reform(move |_: MouseEvent| Some(choice));
            let class = classes!("life", (self.props.chosen == Some(choice)).then_some("chosen"));
            let style = drawn("left:#px;width:#px", &[self.x(at) - self.lane_px / 2.0, self.lane_px]);
            html! { <button {class} {style} {onclick} title={life.name.clone()}>{ &life.name }</button> }
        });
        html! { <div class="heads">{ for heads }</div> }
    }

    fn body(&self) -> Html {
        let (from, to) = (
            self.from_px.max(0.0),
            self.to_px.min(self.sequence.height_px().max(1.0)),
        );
        let height = (to - from).max(1.0);
        let lifelines = (0..self.sequence.lives.len()).map(|life| {
            html! { <path class="lifeline" d={drawn("M# #V#", &[self.x(life), from, to])} /> }
        });
        let in_window = |from_ns: u64, to_ns: u64| self.y(to_ns) >= from && self.y(from_ns) <= to;
        let acts = self.sequence.activations.iter();
        let acts = acts
            .filter(|act| in_window(act.from_ns, act.to_ns))
            .map(|act| self.act(act));
        let timers = self.sequence.timers.iter();
        let timers = timers
            .filter(|timer| in_window(timer.set_ns, timer.ran_ns))
            .map(|timer| self.timer(timer));
        let folds = self
            .sequence
            .folds()
            .iter()
            .filter(|fold| in_window(fold.0, fold.1));
        let folds: Vec<(u64, u64)> = folds.copied().collect();
        let messages: Vec<&Message> = self
            .sequence
            .messages_in(from, to)
            .map(|(_, message)| message)
            .collect();
        let mut labelled: Few<(usize, usize), f64> = Few::default();
        let mut timed_px = f64::NEG_INFINITY;
        let words: Vec<Html> = messages
            .iter()
            .map(|message| {
                let (top, bottom) = (self.y(message.sent_ns), self.y(message.left_ns));
                let middle = (top + bottom) / 2.0;
                let low = message.from.min(message.to);
                // One to oneself has its words beside the lifeline.
                let way = (low, message.from.max(message.to).max(low + 1));
                let last = labelled.or_insert_with(way, || f64::NEG_INFINITY);
                let fits = middle - *last >= LABEL_PX;
                if fits {
                    *last = middle;
                }
                let has_time = top - timed_px >= 16.0;
                if has_time {
                    timed_px = top;
                }
                html! {
                    <>
                        if has_time { <span class="tm" style={drawn("top:#px", &[top])}>{ time::point(message.sent_ns) }</span> }
                        if fits { { self.words(message, middle) } }
                    </>
                }
            })
            .collect();
        html! {
            <div class="body">
                <svg style={drawn("top:#px", &[from])} width={drawn("#", &[self.width_px])} height={drawn("#", &[height])}
                    viewBox={drawn("0 # # #", &[from, self.width_px, height])} aria-hidden="true">
                    <defs><pattern id="seq-hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
                        <rect class="ground" width="4" height="4" /><rect class="ink" width="4" height="1.6" /></pattern></defs>
                    { for lifelines }
                    { for acts }
                    { for timers }
                    { for messages.iter().map(|message| self.message(message)) }
                    { for folds.iter().map(|fold| self.zigzag(*fold)) }
                </svg>
                { for words }
                { for folds.iter().map(|(from_ns, to_ns)| {
                    let middle = (self.y(*from_ns) + self.y(*to_ns)) / 2.0;
                    html! { <span class="folded" style={drawn("top:#px", &[middle])}>{ time::length(to_ns - from_ns) }</span> }
                }) }
                if self.now_px < self.sequence.height_px() { <i class="fade" style={drawn("top:#px", &[self.now_px])}></i> }
                <i class="nowl" style={drawn("top:#px", &[self.now_px])}></i>
            </div>
        }
    }

    fn act(&self, act: &Activation) -> Html {
        let (x, top, bottom) = (
            self.x(act.life) - 4.0,
            self.y(act.from_ns),
            self.y(act.to_ns),
        );
        let is_long = act.to_ns - act.from_ns >= BLOCKED_NS;
        let lit = act
            .task
            .is_some_and(|task| self.props.lit.has_task(self.recording, task));
        let class = classes!(
            "act",
            colour_class(act.lane),
            is_long.then_some("holds"),
            lit.then_some("lit")
        );
        let name = act.task.map(|task| Highlight::Task(task).name());
        html! {
            <rect {class} data-is={name} x={drawn("#", &[x])} y={drawn("#", &[top])} width="8" height={drawn("#", &[(bottom - top).max(2.0)])} />
        }
    }

    /// A message to oneself, out to the right and back when it is due.
    fn timer(&self, timer: &SelfMessage) -> Html {
        let (x, top, bottom) = (
            self.x(timer.life) + 4.0,
            self.y(timer.set_ns),
            self.y(timer.ran_ns),
        );
        let d = drawn("M# #h22V#h-18m6 -4l-7 4l7 4", &[x, top, bottom]);
        html! { <path class="msg c-timers" {d} data-is={Highlight::Task(timer.task).name()} /> }
    }

    fn message(&self, message: &Message) -> Html {
        let (top, bottom) = (self.y(message.sent_ns), self.y(message.left_ns));
        let is_right = message.to >= message.from;
        let side = if is_right { 1.0 } else { -1.0 };
        let (from, to) = (
            self.x(message.from) + 5.0 * side,
            self.x(message.to) - 5.0 * side,
        );
        let class = classes!(
            "msg",
            self.colour(message),
            message.is_answer.then_some("rep"),
            message.lost.then_some("gone"),
            self.props
                .lit
                .has_packet(self.recording, message.packet)
                .then_some("lit"),
            (self.props.chosen == Some(Chosen::Packet(message.packet))).then_some("chosen"),
        );
        let (line, tip) = if message.from == message.to {
            let x = self.x(message.from) + 4.0;
            (
                drawn("M# #h26V#h-24", &[x, top, bottom]),
                drawn(
                    "M# #L# #L# #",
                    &[
                        x + 8.0,
                        bottom - 4.0,
                        x + 1.0,
                        bottom,
                        x + 8.0,
                        bottom + 4.0,
                    ],
                ),
            )
        } else {
            // What is lost does not arrive.
            let (to, bottom) = match message.lost {
                true => (from + (to - from) * 0.7, top + (bottom - top) * 0.7),
                false => (to, bottom),
            };
            let (dx, dy) = (to - from, bottom - top);
            let length = dx.hypot(dy).max(1.0);
            let (ux, uy) = (dx / length, dy / length);
            let back = |aside: f64| (to - ux * 8.0 - uy * aside, bottom - uy * 8.0 + ux * aside);
            let ((ax, ay), (bx, by)) = (back(4.0), back(-4.0));
            let tip = match message.lost {
                true => drawn("M# #l8 8m0 -8l-8 8", &[to - 4.0, bottom - 4.0]),
                false => drawn("M# #L# #L# #", &[ax, ay, to, bottom, bx, by]),
            };
            (drawn("M# #L# #", &[from, top, to, bottom]), tip)
        };
        html! {
            <g {class} data-is={Highlight::Packet(message.packet).name()}>
                <path class="hit" d={line.clone()} /><path class="shaft" d={line} /><path d={tip} />
            </g>
        }
    }

    fn words(&self, message: &Message, middle: f64) -> Html {
        let choice = Chosen::Packet(message.packet);
        let (on_select, on_command) = (self.props.on_select.clone(), self.props.on_command.clone());
        let event = message.event;
        let onclick = Callback::from(move |_: MouseEvent| {
            on_select.emit(Some(choice));
            on_command.emit(TimeCommand::Seek(event));
        });
        let is_self = message.from == message.to;
        let span = message.from.abs_diff(message.to).max(1) as f64;
        let x = match is_self {
            true => self.x(message.from) + self.lane_px / 2.0,
            false => (self.x(message.from) + self.x(message.to)) / 2.0,
        };
        let text = label(self.recording, message);
        let parts = match message.count {
            1 => String::new(),
            count => format!(" in {count} packets"),
        };
        let size = some(message.bytes as usize, "byte");
        let class = classes!(
            "mt",
            message.is_answer.then_some("rep"),
            (message.event > self.props.playhead.event).then_some("later"),
            self.props
                .lit
                .has_packet(self.recording, message.packet)
                .then_some("lit"),
            (self.props.chosen == Some(choice)).then_some("chosen"),
        );
        let lives = &self.sequence.lives;
        let name = format!(
            "{text}, {size}{parts}, from {} to {}, {} on its way",
            lives[message.from].name,
            lives[message.to].name,
            time::length(message.left_ns - message.sent_ns)
        );
        html! {
            <button {class} {onclick} title={name.clone()} aria-label={name} data-is={Highlight::Packet(message.packet).name()}
                style={drawn("left:#px;top:#px;max-width:#px", &[x, middle - 8.0, span * self.lane_px - 24.0])}>{ text }</button>
        }
    }

    fn zigzag(&self, (from_ns, to_ns): (u64, u64)) -> Html {
        let middle = (self.y(from_ns) + self.y(to_ns)) / 2.0;
        let line = |y: f64| {
            let mut d = drawn("M0 #", &[y]);
            let teeth = (self.width_px / 12.0) as usize;
            for tooth in 0..teeth {
                d.push_str(if tooth % 2 == 0 { "l12 5" } else { "l12 -5" });
            }
            d
        };
        html! {
            <g class="zigzag">
                <rect x="0" y={drawn("#", &[middle - 9.0])} width={drawn("#", &[self.width_px])} height="18" />
                <path d={line(middle - 12.0)} /><path d={line(middle + 8.0)} />
            </g>
        }
    }

    /// The messages about the playhead, row by row.
    fn twin(&self, event: protocol::EventId) -> Html {
        let messages = &self.sequence.messages;
        let now = messages.partition_point(|message| message.event <= event);
        let from = now
            .saturating_sub(TWIN_ROWS / 2)
            .min(messages.len().saturating_sub(TWIN_ROWS));
        let shown = &messages[from..messages.len().min(from + TWIN_ROWS)];
        let rows = shown.iter().map(|message| {
            let choice = Chosen::Packet(message.packet);
            let (on_select, on_command) = (self.props.on_select.clone(), self.props.on_command.clone());
            let at = message.event;
            let onclick = Callback::from(move |_: MouseEvent| {
                on_select.emit(Some(choice));
                on_command.emit(TimeCommand::Seek(at));
            });
            let lives = &self.sequence.lives;
            let class = classes!(
                (message.event > event).then_some("later"),
                self.props.lit.has_packet(self.recording, message.packet).then_some("lit"),
            );
            let took = match message.lost {
                true => "lost".to_owned(),
                false => time::length(message.left_ns - message.sent_ns),
            };
            html! {
                <tr {class} data-is={Highlight::Packet(message.packet).name()}>
                    <th scope="row"><button class="link" {onclick}>{ time::point(message.sent_ns) }</button></th>
                    <td>{ format!("{} → {}", lives[message.from].name, lives[message.to].name) }</td>
                    <td>{ label(self.recording, message) }{ ", " }{ some(message.bytes as usize, "byte") }</td>
                    <td>{ took }</td>
                </tr>
            }
        });
        html! {
            <table class="twin spans">
                <caption>{ format!("Messages {} to {} of {}", (from + 1).min(messages.len()), from + shown.len(), messages.len()) }</caption>
                { columns(&["sent", "way", "what", "on its way for"]) }
                <tbody>{ for rows }</tbody>
            </table>
        }
    }
}
