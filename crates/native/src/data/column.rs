//! Named columns as clients send them: each of one type, text perhaps with gaps.

/// One column of a request, `rows` values. Numbers mark missing values with NaN.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// 64-bit floats; other floats and integers with gaps come so too.
    F64(&'a [f64]),
    /// 32-bit floats, which stay such in Python.
    F32(&'a [f32]),
    /// Integers of any width.
    I64(&'a [i64]),
    /// Booleans as 0 and 1.
    Bool(&'a [u8]),
    /// Text.
    Text(TextColumn<'a>),
}

/// Where a text is in the bytes of its column; [`Span::MISSING`] where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// Bytes of UTF-8.
    pub len: u32,
}

/// A column of text (UTF-8); between steps also of numbers among texts, see [`among_texts`].
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

/// Columns of one request, or some of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    all: &'a [Column<'a>],
    chosen: Option<&'a [u32]>,
    start: usize,
    rows: usize,
}

/// Columns that a step made.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<TableColumn>,
    rows: usize,
}

/// One column of a [`Table`].
#[derive(Debug)]
pub(crate) enum TableColumn {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Bool(Vec<u8>),
    Text { bytes: Vec<u8>, spans: Vec<Span> },
}

impl Span {
    /// No text.
    pub const MISSING: Self = Self { start: 0, len: u32::MAX };
}

/// What begins a number among texts: no UTF-8 does.
const NUMBER: u8 = 0xff;

/// A number in a column of text, as an imputer makes one that puts text among numbers: Python still
/// takes it for the number.
pub(crate) fn among_texts(number: f64) -> [u8; 9] {
    let mut text = [NUMBER; 9];
    text[1..].copy_from_slice(&number.to_le_bytes());
    text
}

/// The number that a text of a column is, if it is one: see [`among_texts`].
#[inline]
pub(crate) fn number_among(text: &[u8]) -> Option<f64> {
    match text {
        [NUMBER, number @ ..] => Some(f64::from_le_bytes(number.try_into().ok()?)),
        _ => None,
    }
}

impl<'a> TextColumn<'a> {
    /// Texts by their places in `bytes`.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Self {
        Self { bytes, spans }
    }

    /// Rows of the column.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The text of a row, as UTF-8; `None` where it is missing.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        let span = self.spans[row];
        (span != Span::MISSING).then(|| &self.bytes[span.start as usize..][..span.len as usize])
    }

    /// The texts in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Option<&'a [u8]>> {
        (0..self.len()).map(move |row| self.get(row))
    }
}

impl Column<'_> {
    /// Rows of the column.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(texts) => texts.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows `start..end`.
    #[must_use]
    #[inline]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        match self {
            Self::F64(values) => Self::F64(&values[start..end]),
            Self::F32(values) => Self::F32(&values[start..end]),
            Self::I64(values) => Self::I64(&values[start..end]),
            Self::Bool(values) => Self::Bool(&values[start..end]),
            Self::Text(texts) => {
                Self::Text(TextColumn { spans: &texts.spans[start..end], ..*texts })
            }
        }
    }

    /// The number in a row, `None` for text.
    #[inline]
    pub fn number(&self, row: usize) -> Option<f64> {
        Some(match self {
            Self::F64(values) => values[row],
            Self::F32(values) => f64::from(values[row]),
            Self::I64(values) => values[row] as f64,
            Self::Bool(values) => f64::from(values[row]),
            Self::Text(_) => return None,
        })
    }
}

impl<'a> Columns<'a> {
    /// All columns of a request.
    ///
    /// # Panics
    /// A column has another number of rows.
    pub(crate) fn new(all: &'a [Column<'a>], rows: usize) -> Self {
        assert!(all.iter().all(|column| column.len() == rows), "columns of {rows} rows");
        Self { all, chosen: None, start: 0, rows }
    }

    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.chosen.map_or(self.all.len(), <[u32]>::len)
    }

    /// The column at a position.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Column<'a> {
        let index = self.chosen.map_or(index, |chosen| chosen[index] as usize);
        self.all[index].slice(self.start, self.start + self.rows)
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Column<'a>> {
        (0..self.len()).map(move |index| self.get(index))
    }

    pub(crate) fn all_f32(&self) -> bool {
        self.iter().all(|column| matches!(column, Column::F32(_)))
    }

    /// Whether NumPy's common type of them is f32: flags beside f32 are numbers of that type to
    /// scikit-learn, since 1.1.
    pub(crate) fn are_single(&self) -> bool {
        // In this order, as the first column of another type ends it: it is asked of every row alone.
        self.iter().all(|column| matches!(column, Column::F32(_) | Column::Bool(_)))
            && self.iter().any(|column| matches!(column, Column::F32(_)))
    }

    /// Some of them by position. `room` holds the positions where these are a choice already.
    pub(crate) fn choose<'b>(self, positions: &'b [u32], room: &'b mut Vec<u32>) -> Columns<'b>
    where
        'a: 'b,
    {
        let chosen = match self.chosen {
            None => positions,
            Some(chosen) => {
                room.clear();
                room.extend(positions.iter().map(|position| chosen[*position as usize]));
                room
            }
        };
        Columns { all: self.all, chosen: Some(chosen), start: self.start, rows: self.rows }
    }
}

impl Table {
    pub(crate) fn clear(&mut self) {
        self.columns.clear();
        self.rows = 0;
    }

    /// Adds a column.
    ///
    /// # Panics
    /// It has another number of rows than those before it.
    pub(crate) fn push(&mut self, column: TableColumn) {
        let rows = column.view().len();
        assert!(self.columns.is_empty() || rows == self.rows, "columns of equal length");
        self.rows = rows;
        self.columns.push(column);
    }

    /// A copy of a column as it is.
    pub(crate) fn push_copy(&mut self, column: Column<'_>) {
        self.push(TableColumn::copy_of(column));
    }

    /// Moves the columns of another table behind these.
    pub(crate) fn append(&mut self, other: &mut Self) {
        for column in other.columns.drain(..) {
            self.push(column);
        }
    }

    /// Multiplies the numbers of the columns from this one on; whole ones become floats.
    pub(crate) fn scale_from(&mut self, start: usize, weight: f64) {
        for column in &mut self.columns[start..] {
            *column = match std::mem::replace(column, TableColumn::F64(Vec::new())) {
                TableColumn::F64(mut values) => {
                    values.iter_mut().for_each(|value| *value *= weight);
                    TableColumn::F64(values)
                }
                TableColumn::F32(mut values) => {
                    values.iter_mut().for_each(|value| *value *= weight as f32);
                    TableColumn::F32(values)
                }
                TableColumn::I64(values) => {
                    TableColumn::F64(values.iter().map(|value| *value as f64 * weight).collect())
                }
                TableColumn::Bool(values) => TableColumn::F64(
                    values.iter().map(|value| f64::from(*value) * weight).collect(),
                ),
                text @ TableColumn::Text { .. } => text,
            };
        }
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Calls `f` with the columns as data for the next step.
    pub(crate) fn with<R>(&self, f: impl FnOnce(Columns<'_>) -> R) -> R {
        let columns: Vec<Column<'_>> = self.columns.iter().map(TableColumn::view).collect();
        f(Columns::new(&columns, self.rows))
    }
}

impl TableColumn {
    pub(crate) fn copy_of(column: Column<'_>) -> Self {
        match column {
            Column::F64(values) => Self::F64(values.to_vec()),
            Column::F32(values) => Self::F32(values.to_vec()),
            Column::I64(values) => Self::I64(values.to_vec()),
            Column::Bool(values) => Self::Bool(values.to_vec()),
            Column::Text(texts) => Self::of_texts(texts.iter()),
        }
    }

    pub(crate) fn of_texts<'t>(texts: impl Iterator<Item = Option<&'t [u8]>>) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for text in texts {
            spans.push(text.map_or(Span::MISSING, |text| {
                let start = bytes.len() as u32;
                bytes.extend_from_slice(text);
                Span { start, len: text.len() as u32 }
            }));
        }
        Self::Text { bytes, spans }
    }

    pub(crate) fn view(&self) -> Column<'_> {
        match self {
            Self::F64(values) => Column::F64(values),
            Self::F32(values) => Column::F32(values),
            Self::I64(values) => Column::I64(values),
            Self::Bool(values) => Column::Bool(values),
            Self::Text { bytes, spans } => Column::Text(TextColumn::new(bytes, spans)),
        }
    }
}
