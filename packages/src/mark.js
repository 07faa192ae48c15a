// One line of the text can be marked: a wash over the line, and a glyph in the gutter (drawn by `underline.js`, which
// owns that gutter). The mark stays on its text while the reader types.

import { RangeSet, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, GutterMarker, gutterLineClass } from '@codemirror/view';

class GutterClass extends GutterMarker {
  constructor(elementClass) {
    super();
    this.elementClass = elementClass;
  }
}

/** By kind of mark: what carries its wash on into the gutter. */
const GUTTER_CLASSES = Object.fromEntries(
  ['now', 'look', 'fail'].map((kind) => [kind, new GutterClass(`cm-mark-${kind}`)]),
);
const replaceMark = StateEffect.define();

/** The mark as a set of at most one line decoration, whose spec holds the kind. */
export const markField = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(replaceMark)) marks = effect.value;
    }
    return marks;
  },
  provide: (field) => [
    EditorView.decorations.from(field),
    gutterLineClass.compute([field], (state) => {
      const ranges = [];
      state.field(field).between(0, state.doc.length, (from, _to, mark) => {
        ranges.push(GUTTER_CLASSES[mark.spec.kind].range(from));
      });
      return RangeSet.of(ranges);
    }),
  ],
});

/** The transaction that marks `line` (from 1; `null` or a line that the text does not have: none). */
export function setLineMark(state, line, kind) {
  if (!GUTTER_CLASSES[kind]) throw new TypeError(`a line cannot be marked '${kind}'`);
  if (line === null || line === undefined || line < 1 || line > state.doc.lines) {
    return { effects: replaceMark.of(Decoration.none) };
  }
  const { from } = state.doc.line(line);
  const mark = Decoration.line({ class: `cm-mark-${kind}`, kind });
  return {
    effects: [replaceMark.of(Decoration.set(mark.range(from))), EditorView.scrollIntoView(from, { yMargin: 48 })],
  };
}

/** The kind of the mark on the line that starts at `from`, or null. */
export function markAt(state, from) {
  let kind = null;
  state.field(markField).between(from, from, (_from, _to, mark) => {
    kind = mark.spec.kind;
  });
  return kind;
}
