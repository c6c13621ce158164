//! Any value survives the way there and back, whatever the order of its sets and dicts.

use arbitrary::Arbitrary;
use netaio::wire::packify::{Integer, Value, decode, encode};

#[derive(Debug, Arbitrary)]
enum Any {
    None,
    Bool(bool),
    Int(bool, Vec<u8>),
    Float(u64),
    Bytes(Vec<u8>),
    ByteArray(Vec<u8>),
    Str(String),
    List(Vec<Any>),
    Tuple(Vec<Any>),
    Set(Vec<u32>),
    Dict(Vec<(String, Any)>),
}

fn value(any: Any, reverse: bool) -> Value {
    let each = |items: Vec<Any>| items.into_iter().map(|item| value(item, reverse)).collect();
    match any {
        Any::None => Value::None,
        Any::Bool(truth) => Value::Bool(truth),
        Any::Int(negative, magnitude) => Value::Int(Integer::from_parts(negative, &magnitude)),
        Any::Float(bits) => Value::Float(f64::from_bits(bits)),
        Any::Bytes(bytes) => Value::Bytes(bytes.into()),
        Any::ByteArray(bytes) => Value::ByteArray(bytes.into()),
        Any::Str(text) => Value::Str(text),
        Any::List(items) => Value::List(each(items)),
        Any::Tuple(items) => Value::Tuple(each(items)),
        Any::Set(mut items) => {
            items.sort_unstable();
            items.dedup();
            if reverse {
                items.reverse();
            }
            Value::Set(items.into_iter().map(Value::from).collect())
        }
        Any::Dict(mut pairs) => {
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.dedup_by(|a, b| a.0 == b.0);
            if reverse {
                pairs.reverse();
            }
            let pairs = pairs.into_iter();
            Value::Dict(pairs.map(|(key, any)| (key.into(), value(any, reverse))).collect())
        }
    }
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let any = || Any::arbitrary(&mut arbitrary::Unstructured::new(bytes));
    let (Ok(one), Ok(other)) = (any(), any()) else { return };
    // Nesting beyond the limit is refused, not cut.
    let Ok(encoded) = encode(&value(one, false)) else { return };
    assert_eq!(encode(&value(other, true)).as_ref(), Ok(&encoded), "the order does not show");
    let decoded = decode(&encoded).expect("what was written can be read");
    assert_eq!(encode(&decoded), Ok(encoded));
}
