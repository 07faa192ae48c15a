// Pigments in the editor: an underline under each scheduling call and, in the gutter, the glyph of the queue it fills.
//
// They follow the syntax tree and so the reader's typing, and are computed for what is in view only: a file of a
// megabyte costs no more than a screenful. The page may give a list of its own instead.

import { syntaxTree } from '@codemirror/language';
import { RangeSet, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, GutterMarker, ViewPlugin, gutter } from '@codemirror/view';

import { NOW, PENNANT, QUEUES, drawGlyph } from './glyphs.js';
import { markAt, markField } from './mark.js';
import { findPigments } from './pigments.js';

const UNDERLINES = Object.fromEntries(
  Object.keys(QUEUES).map((queue) => [queue, Decoration.mark({ class: `cm-pigment cm-pigment-${queue}`, queue })]),
);

/** An effect with the page's own list, or with `null` for none. */
export function setGivenPigments(state, list) {
  return replaceGiven.of(list && Decoration.set(list.flatMap((place) => placeInText(state.doc, place)), true));
}

function placeInText(doc, { line, from, to, queue }) {
  if (!UNDERLINES[queue]) throw new TypeError(`there is no queue '${queue}'`);
  if (line < 1 || line > doc.lines) return [];
  const there = doc.line(line);
  const end = Math.min(there.from + to, there.to);
  return there.from + from < end ? [UNDERLINES[queue].range(there.from + from, end)] : [];
}

const replaceGiven = StateEffect.define();

const givenField = StateField.define({
  create: () => null,
  update(given, transaction) {
    given = given?.map(transaction.changes) ?? null;
    for (const effect of transaction.effects) {
      if (effect.is(replaceGiven)) given = effect.value;
    }
    return given;
  },
});

const underlines = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.decorations = inView(view);
    }

    update(update) {
      const changed =
        update.docChanged ||
        update.viewportChanged ||
        syntaxTree(update.startState) !== syntaxTree(update.state) ||
        update.startState.field(givenField) !== update.state.field(givenField);
      if (changed) this.decorations = inView(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function inView(view) {
  const given = view.state.field(givenField);
  if (given) return given;
  const builder = new RangeSetBuilder();
  const tree = syntaxTree(view.state);
  const read = (from, to) => view.state.doc.sliceString(from, to);
  let end = 0;
  for (const { from, to } of view.visibleRanges) {
    for (const pigment of findPigments(tree, read, from, to)) {
      if (pigment.from >= end) builder.add(pigment.from, pigment.to, UNDERLINES[pigment.queue]);
      end = Math.max(end, pigment.to);
    }
  }
  return builder.finish();
}

class Glyph extends GutterMarker {
  constructor(key) {
    super();
    this.key = key;
  }

  eq(other) {
    return this.key === other.key;
  }

  toDOM() {
    if (this.key === 'now') return drawGlyph(NOW, 'cm-glyph-now');
    if (this.key === 'fail') return drawGlyph(PENNANT, 'cm-glyph-fail');
    const chip = document.createElement('span');
    chip.className = `cm-chip cm-pigment-${this.key}`;
    chip.title = QUEUES[this.key].name;
    chip.append(drawGlyph(QUEUES[this.key].path, 'cm-glyph'));
    return chip;
  }
}

const GLYPHS = Object.fromEntries([...Object.keys(QUEUES), 'now', 'fail'].map((key) => [key, new Glyph(key)]));

/** One glyph a line: the line's mark before its first pigment. */
function glyphOf(view, block) {
  const mark = markAt(view.state, block.from);
  if (mark && GLYPHS[mark]) return GLYPHS[mark];
  let first = null;
  const { decorations } = view.plugin(underlines) ?? { decorations: RangeSet.empty };
  decorations.between(block.from, block.to, (_from, _to, underline) => {
    first = underline.spec.queue;
    return false;
  });
  return first && GLYPHS[first];
}

export const pigments = [
  givenField,
  underlines,
  gutter({
    class: 'cm-glyphs',
    lineMarker: glyphOf,
    // The plugin's decorations can change without a change of the text: when parsing goes on in the background.
    lineMarkerChange: (update) =>
      update.startState.field(markField) !== update.state.field(markField) ||
      update.startState.field(givenField) !== update.state.field(givenField) ||
      syntaxTree(update.startState) !== syntaxTree(update.state),
    initialSpacer: () => GLYPHS.main,
  }),
];
