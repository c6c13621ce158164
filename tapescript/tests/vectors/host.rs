//! The machine of a case, with the stubs that the files ask for.

use std::sync::Arc;

use serde_json::Value as Json;
use tapescript::num::Int;
use tapescript::{
    Contract, Error, ErrorKind, Invoke, Item, Limits, Machine, SoftFork, Stack, Transfer, Value,
};

use crate::support::{At, hex, list};

pub(crate) fn machine(case: &Json) -> Machine {
    let mut limits = Limits::default();
    let given = &case["limits"];
    let of =
        |name: &str, default: usize| given[name].as_u64().map_or(default, |limit| limit as usize);
    limits.max_items = of("max_items", limits.max_items);
    limits.max_item_size = of("max_item_size", limits.max_item_size);
    limits.callstack = of("callstack", limits.callstack);
    limits.budget = 100_000_000;
    limits.memory = 100_000_000;
    let mut machine = Machine::new().with_limits(limits).with_environment(At::of(case));
    for contract in list(&case["contracts"]) {
        machine = machine.with_contract(hex(&contract["id"]), Stub(contract.clone()));
    }
    for name in list(&case["plugins"]["signature_extensions"]) {
        machine = machine.with_signature_extension(match name.as_str() {
            Some("append_bang") => Arc::new(|access| {
                let key = "sigfield1".into();
                let mut field = match access.cache.get(&key) {
                    Some(Value::Bytes(field)) => field.to_vec(),
                    _ => Vec::new(),
                };
                field.push(b'!');
                access.cache.insert(key, field);
                Ok(())
            }),
            Some("fail") => Arc::new(|_| Err(Error::script("plugin failed"))),
            Some("peek_to_cache") => Arc::new(|access| {
                access.cache.insert("seen", Int::from(access.stack.len()));
                Ok(())
            }),
            other => panic!("unknown plugin {other:?}"),
        });
    }
    for name in list(&case["plugins"]["check_template"]) {
        machine = machine.with_template_check(match name.as_str() {
            Some("ct_prefix") => Arc::new(|access| {
                let (template, field) = (access.stack.pull()?, access.stack.pull()?);
                Ok(field.starts_with(&template))
            }),
            Some("ct_true") => Arc::new(|_| Ok(true)),
            Some("ct_false" | "ct_none") => Arc::new(|_| Ok(false)),
            other => panic!("unknown plugin {other:?}"),
        });
    }
    for case_fork in list(&case["soft_forks"]) {
        let code =
            case_fork["code"].as_u64().and_then(|code| u8::try_from(code).ok()).expect("a code");
        assert_eq!(case_fork["behaviour"], "all_equal_verify");
        let fork = SoftFork::new(code, case_fork["name"].as_str().expect("a name"), |operation| {
            let count = operation.read(1)?[0];
            let items =
                (0..count).map(|_| operation.stack().pull()).collect::<Result<Vec<_>, _>>()?;
            if items.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(Error::script("not all the same"));
            }
            Ok(())
        });
        let aliases = list(&case_fork["aliases"]).iter().filter_map(Json::as_str);
        let fork = aliases.fold(fork.expect("a fork"), SoftFork::alias);
        machine = machine.with_soft_fork(fork);
    }
    machine
}

pub(crate) fn stack(case: &Json, machine: &Machine) -> Stack {
    let mut stack = machine.run(&[], tapescript::Cache::new()).stack;
    for item in list(&case["stack"]) {
        stack.put(hex(item)).expect("the stack is within its limits");
    }
    stack
}

struct Stub(Json);

impl Stub {
    fn lists(&self, name: &str, item: &[u8]) -> bool {
        list(&self.0[name]).iter().any(|known| hex(known) == item)
    }

    fn number(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or(0)
    }
}

impl Contract for Stub {
    fn as_invoke(&self) -> Option<&dyn Invoke> {
        (self.0["kind"] == "invoke").then_some(self)
    }

    fn as_transfer(&self) -> Option<&dyn Transfer> {
        (self.0["kind"] == "transfer").then_some(self)
    }
}

impl Invoke for Stub {
    fn invoke(&self, arguments: Vec<Item>) -> Result<Value, Error> {
        let list =
            |items: &[&[u8]]| Value::List(items.iter().map(|item| Value::from(*item)).collect());
        Ok(match self.0["mode"].as_str().expect("a mode") {
            "concat" => {
                list(&[&arguments.iter().flat_map(|item| item.to_vec()).collect::<Vec<_>>()])
            }
            "echo" => Value::from(arguments),
            "none" => Value::None,
            "empty" => Value::List(Vec::new()),
            "tuple" => list(&[b"tuple", &[arguments.len() as u8]]),
            "bad_type" => Value::from("a text"),
            "bad_item" => Value::List(vec![(*b"good").into(), "a text".into(), (*b"never").into()]),
            "raise" => return Err(Error::new(ErrorKind::Value, "contract says no")),
            other => panic!("unknown mode {other}"),
        })
    }
}

impl Transfer for Stub {
    fn verify_proof(&self, proof: &[u8]) -> Result<bool, Error> {
        Ok(!self.lists("bad_proofs", proof))
    }

    fn verify_transfer(&self, _: &[u8], source: &[u8], _: &[u8]) -> Result<bool, Error> {
        Ok(!self.lists("bad_sources", source))
    }

    fn verify_constraint(&self, _: &[u8], _: &[u8]) -> Result<bool, Error> {
        Ok(self.0["constraint_ok"].as_bool().unwrap_or(true))
    }

    fn aggregate(&self, proofs: &[Item], _: &[u8]) -> Result<Option<Int>, Error> {
        if self.0["no_aggregate"] == true {
            return Ok(None);
        }
        let each = self.number("per_proof") * i64::try_from(proofs.len()).expect("few proofs");
        Ok(Some(Int::from(self.number("amount") + each)))
    }
}
