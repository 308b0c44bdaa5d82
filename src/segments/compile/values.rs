//! Tests of values as SQL. Each comes out true, false or unknown; unknown stands for false, and whoever negates says
//! `IS NOT TRUE`.

use jiff::civil::Date;

use crate::db::{Backend, Bind, Column, Sql};
use crate::segments::language::checked::{Choice, DayTest, MomentTest, NumberTest, TextTest, Window};
use crate::segments::language::value::Decimal;
use crate::sql;

/// What holds for everybody.
pub fn always() -> Sql<'static> {
    sql!("1 = 1")
}

/// What holds for nobody.
pub fn never() -> Sql<'static> {
    sql!("1 = 0")
}

/// Turns an answer round: what was unknown becomes true.
pub fn negated(condition: Sql<'static>) -> Sql<'static> {
    sql!("({}) IS NOT TRUE", condition)
}

/// Any of these; none of none.
pub fn any(conditions: impl IntoIterator<Item = Sql<'static>>) -> Sql<'static> {
    joined(conditions, " OR ").unwrap_or_else(never)
}

/// All of these; all of none.
pub fn all(conditions: impl IntoIterator<Item = Sql<'static>>) -> Sql<'static> {
    joined(conditions, " AND ").unwrap_or_else(always)
}

fn joined(conditions: impl IntoIterator<Item = Sql<'static>>, word: &'static str) -> Option<Sql<'static>> {
    let mut conditions = conditions.into_iter();
    let mut joined = sql!("({}", conditions.next()?);
    for condition in conditions {
        joined.push(Sql::text(word));
        joined.push(condition);
    }
    joined.push(Sql::text(")"));
    Some(joined)
}

/// Texts that SQLite takes one by one; more go as one JSON array, because the number of its parameters is bounded.
const MOST_PARAMETERS: usize = 100;

/// One of these texts.
pub fn one_of(
    backend: Backend,
    value: Sql<'static>,
    texts: impl IntoIterator<Item = String>,
) -> Sql<'static> {
    let texts: Vec<String> = texts.into_iter().collect();
    if backend == Backend::Sqlite && texts.len() > MOST_PARAMETERS {
        let array = serde_json::Value::from(texts).to_string();
        return sql!("{} IN (SELECT j.value FROM json_each({}) j)", value, array);
    }
    if texts.is_empty() {
        return never();
    }
    sql!("{} {}", value, Column::owned_texts(texts))
}

fn one_of_numbers(backend: Backend, value: Sql<'static>, numbers: Vec<i64>) -> Sql<'static> {
    if numbers.is_empty() {
        return never();
    }
    if backend == Backend::Sqlite && numbers.len() > MOST_PARAMETERS {
        let array = serde_json::Value::from(numbers).to_string();
        return sql!("{} IN (SELECT j.value FROM json_each({}) j)", value, array);
    }
    sql!("{} {}", value, Column::ints(numbers))
}

/// The largest whole number that is not above.
fn floor(decimal: Decimal) -> i64 {
    let whole = i128::from(decimal.units()).div_euclid(10_i128.pow(decimal.scale().min(30)));
    i64::try_from(whole).unwrap_or_default()
}

/// The smallest whole number that is not below.
fn ceiling(decimal: Decimal) -> i64 {
    floor(decimal).saturating_add(i64::from(decimal.scale() > 0))
}

fn exactly(decimal: Decimal) -> Option<i64> {
    (decimal.scale() == 0).then(|| decimal.units())
}

/// A test of a whole number.
pub fn whole(backend: Backend, value: Sql<'static>, test: &NumberTest) -> Sql<'static> {
    let equals = |decimal: Decimal| match exactly(decimal) {
        Some(number) => sql!("{} = {}", value.clone(), number),
        None => never(),
    };
    let among = |decimals: &[Decimal]| {
        one_of_numbers(backend, value.clone(), decimals.iter().copied().filter_map(exactly).collect())
    };
    match test {
        NumberTest::Equals(decimal) => equals(*decimal),
        NumberTest::Differs(decimal) => negated(equals(*decimal)),
        NumberTest::Below(decimal) => sql!("{} < {}", value, ceiling(*decimal)),
        NumberTest::AtMost(decimal) => sql!("{} <= {}", value, floor(*decimal)),
        NumberTest::Above(decimal) => sql!("{} > {}", value, floor(*decimal)),
        NumberTest::AtLeast(decimal) => sql!("{} >= {}", value, ceiling(*decimal)),
        NumberTest::Between(least, most) => {
            sql!("{} BETWEEN {} AND {}", value, ceiling(*least), floor(*most))
        }
        NumberTest::OneOf(decimals) => among(decimals),
        NumberTest::NoneOf(decimals) => negated(among(decimals)),
        NumberTest::IsNull => sql!("{} IS NULL", value),
        NumberTest::IsNotNull => sql!("{} IS NOT NULL", value),
    }
}

/// A test of a quotient that is missing where the divisor is not above 0; exact, because nothing is divided.
pub fn quotient(
    backend: Backend,
    dividend: &Sql<'static>,
    divisor: &Sql<'static>,
    test: &NumberTest,
) -> Sql<'static> {
    let compare = |operator: &str, decimal: Decimal| {
        let power = 10_i128.pow(decimal.scale().min(30));
        // Sums stay far below what this could take beyond 63 bits; other bounds are compared without any.
        let small = decimal.units().unsigned_abs() < 1 << 31 && power <= 100;
        let cast = if backend == Backend::Postgres && !small { "::numeric" } else { "" };
        Sql::owned(
            format!("{{}}{cast} * {power} {operator} {{}}{cast} * ({})", decimal.units()),
            vec![dividend.clone().into(), divisor.clone().into()],
        )
    };
    let there = || sql!("{} > 0", divisor.clone());
    let equal_to_any =
        |decimals: &[Decimal]| all([there(), any(decimals.iter().map(|decimal| compare("=", *decimal)))]);
    match test {
        NumberTest::Equals(decimal) => all([there(), compare("=", *decimal)]),
        NumberTest::Differs(decimal) => negated(all([there(), compare("=", *decimal)])),
        NumberTest::Below(decimal) => all([there(), compare("<", *decimal)]),
        NumberTest::AtMost(decimal) => all([there(), compare("<=", *decimal)]),
        NumberTest::Above(decimal) => all([there(), compare(">", *decimal)]),
        NumberTest::AtLeast(decimal) => all([there(), compare(">=", *decimal)]),
        NumberTest::Between(least, most) => all([there(), compare(">=", *least), compare("<=", *most)]),
        NumberTest::OneOf(decimals) => equal_to_any(decimals),
        NumberTest::NoneOf(decimals) => negated(equal_to_any(decimals)),
        NumberTest::IsNull => negated(there()),
        NumberTest::IsNotNull => there(),
    }
}

/// A test of any number.
pub fn number(value: &Sql<'static>, test: &NumberTest) -> Sql<'static> {
    let compare = |operator: &str, decimal: Decimal| {
        let text = format!("{{}} {operator} {}", literal(decimal));
        Sql::owned(text, vec![value.clone().into()])
    };
    let equal_to_any = |decimals: &[Decimal]| any(decimals.iter().map(|decimal| compare("=", *decimal)));
    match test {
        NumberTest::Equals(decimal) => compare("=", *decimal),
        NumberTest::Differs(decimal) => negated(compare("=", *decimal)),
        NumberTest::Below(decimal) => compare("<", *decimal),
        NumberTest::AtMost(decimal) => compare("<=", *decimal),
        NumberTest::Above(decimal) => compare(">", *decimal),
        NumberTest::AtLeast(decimal) => compare(">=", *decimal),
        NumberTest::Between(least, most) => all([compare(">=", *least), compare("<=", *most)]),
        NumberTest::OneOf(decimals) => equal_to_any(decimals),
        NumberTest::NoneOf(decimals) => negated(equal_to_any(decimals)),
        NumberTest::IsNull => sql!("{} IS NULL", value.clone()),
        NumberTest::IsNotNull => sql!("{} IS NOT NULL", value.clone()),
    }
}

/// Both databases read `125e-1`; made of digits alone.
fn literal(decimal: Decimal) -> String {
    match decimal.scale() {
        0 => format!("({})", decimal.units()),
        scale => format!("({}e-{scale})", decimal.units()),
    }
}

/// Whether a number that is missing, or one that is known already, passes.
pub fn number_passes(test: &NumberTest, value: Option<i64>) -> bool {
    let Some(value) = value else {
        return matches!(test, NumberTest::Differs(_) | NumberTest::NoneOf(_) | NumberTest::IsNull);
    };
    let lies = |decimal: &Decimal| decimal.compare_fraction(value.into(), 1);
    match test {
        NumberTest::Equals(decimal) => lies(decimal).is_eq(),
        NumberTest::Differs(decimal) => lies(decimal).is_ne(),
        NumberTest::Below(decimal) => lies(decimal).is_lt(),
        NumberTest::AtMost(decimal) => lies(decimal).is_le(),
        NumberTest::Above(decimal) => lies(decimal).is_gt(),
        NumberTest::AtLeast(decimal) => lies(decimal).is_ge(),
        NumberTest::Between(least, most) => lies(least).is_ge() && lies(most).is_le(),
        NumberTest::OneOf(decimals) => decimals.iter().any(|decimal| lies(decimal).is_eq()),
        NumberTest::NoneOf(decimals) => !decimals.iter().any(|decimal| lies(decimal).is_eq()),
        NumberTest::IsNull => false,
        NumberTest::IsNotNull => true,
    }
}

/// Whether a moment that is missing passes.
pub fn passes_without(test: &MomentTest) -> bool {
    matches!(test, MomentTest::Outside(_) | MomentTest::IsNull)
}

/// A test of a moment.
pub fn moment(value: &Sql<'static>, test: &MomentTest) -> Sql<'static> {
    let within = |windows: &[Window]| any(windows.iter().map(|window| in_window(value, *window)));
    match test {
        MomentTest::Within(windows) => within(windows),
        MomentTest::Outside(windows) => negated(within(windows)),
        MomentTest::IsNull => sql!("{} IS NULL", value.clone()),
        MomentTest::IsNotNull => sql!("{} IS NOT NULL", value.clone()),
    }
}

/// Whether a moment lies in a window.
pub fn in_window(value: &Sql<'static>, window: Window) -> Sql<'static> {
    let from = window.from.map(|from| sql!("{} >= {}", value.clone(), from));
    let until = window.until.map(|until| sql!("{} < {}", value.clone(), until));
    if from.is_none() && until.is_none() {
        return sql!("{} IS NOT NULL", value.clone());
    }
    all(from.into_iter().chain(until))
}

/// A test of a text. `LIKE` knows letters and wildcards; these know bytes.
pub fn text(backend: Backend, value: &Sql<'static>, test: &TextTest) -> Sql<'static> {
    let value = || value.clone();
    let contains = |part: &String| match backend {
        Backend::Postgres => sql!("strpos({}, {}) > 0", value(), part.clone()),
        Backend::Sqlite => sql!("instr({}, {}) > 0", value(), part.clone()),
    };
    match test {
        TextTest::Equals(text) => sql!("{} = {}", value(), text.clone()),
        TextTest::Differs(text) => negated(sql!("{} = {}", value(), text.clone())),
        TextTest::OneOf(texts) => one_of(backend, value(), texts.iter().cloned()),
        TextTest::NoneOf(texts) => negated(one_of(backend, value(), texts.iter().cloned())),
        TextTest::Contains(part) if part.is_empty() => sql!("{} IS NOT NULL", value()),
        TextTest::Contains(part) => contains(part),
        TextTest::NotContains(part) => negated(contains(part)),
        TextTest::StartsWith(part) | TextTest::EndsWith(part) if part.is_empty() => {
            sql!("{} IS NOT NULL", value())
        }
        TextTest::StartsWith(part) => match backend {
            Backend::Postgres => sql!("starts_with({}, {})", value(), part.clone()),
            Backend::Sqlite => {
                sql!("substr({}, 1, {}) = {}", value(), part.chars().count() as i64, part.clone())
            }
        },
        TextTest::EndsWith(part) => {
            let length = part.chars().count() as i64;
            match backend {
                Backend::Postgres => {
                    sql!("right({}, CAST({} AS integer)) = {}", value(), length, part.clone())
                }
                Backend::Sqlite => sql!("substr({}, {}) = {}", value(), -length, part.clone()),
            }
        }
        TextTest::IsNull => sql!("{} IS NULL", value()),
        TextTest::IsNotNull => sql!("{} IS NOT NULL", value()),
    }
}

/// A test of a day that is kept as text; texts of days compare as the days do, byte by byte.
pub fn day(backend: Backend, value: &Sql<'static>, test: &DayTest) -> Sql<'static> {
    let bytes = || by_bytes(backend, value.clone());
    let within = |ranges: &[(Option<Date>, Option<Date>)]| {
        any(ranges.iter().map(|(from, to)| {
            let from = from.map(|from| sql!("{} >= {}", bytes(), from.to_string()));
            let to = to.map(|to| sql!("{} <= {}", bytes(), to.to_string()));
            let there = sql!("{} IS NOT NULL", value.clone());
            all([there].into_iter().chain(from).chain(to))
        }))
    };
    match test {
        DayTest::Within(ranges) => within(ranges),
        DayTest::Outside(ranges) => negated(within(ranges)),
        DayTest::IsNull => sql!("{} IS NULL", value.clone()),
        DayTest::IsNotNull => sql!("{} IS NOT NULL", value.clone()),
    }
}

/// A text that compares byte by byte.
pub fn by_bytes(backend: Backend, value: Sql<'static>) -> Sql<'static> {
    match backend {
        Backend::Postgres => sql!("({} COLLATE \"C\")", value),
        Backend::Sqlite => value,
    }
}

/// A test of one of few values.
pub fn choice(value: &Sql<'static>, choice: &Choice) -> Sql<'static> {
    let known = (!choice.of.is_empty()).then(|| {
        let of = choice.of.iter().map(|text| Some((*text).into())).collect();
        sql!("{} {}", value.clone(), Bind::from(Column::Text(of)))
    });
    let missing = choice.missing.then(|| sql!("{} IS NULL", value.clone()));
    any(known.into_iter().chain(missing))
}
