//! Search requests as bytes, so that assertion values need not be text, and their answers. Many are under way at once.

use crate::harness::eventually;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Equal(String, Vec<u8>),
    Greater(String, Vec<u8>),
    Less(String, Vec<u8>),
    Approx(String, Vec<u8>),
    Present(String),
    /// Initial, any, final.
    Substrings(String, Option<Vec<u8>>, Vec<Vec<u8>>, Option<Vec<u8>>),
    Extensible {
        rule: Option<String>,
        attribute: Option<String>,
        value: Vec<u8>,
        dn: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Request {
    pub base: String,
    /// 0 base, 1 one, 2 sub, 3 children.
    pub scope: u8,
    pub size_limit: u32,
    /// Entries a page (RFC 2696); 0 without the control.
    pub page: u32,
    pub types_only: bool,
    pub filter: Filter,
    pub attributes: Vec<String>,
}

pub type Values = BTreeSet<Vec<u8>>;
pub type Attributes = BTreeMap<String, Values>;

/// DNs are in the form of `canonical`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub code: u8,
    pub matched: String,
    pub entries: BTreeMap<String, Attributes>,
    /// An entry came twice, or an attribute in an entry, or a value in an attribute.
    pub repeated: Vec<String>,
}

fn quoted(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut out = String::new();
    for character in text.chars() {
        if "()*\\".contains(character) || character.is_control() || character == '\u{fffd}' {
            out += &format!("<{:02x}>", u32::from(character));
        } else {
            out.push(character);
        }
    }
    if out.len() > 120 {
        out = format!("{}…({} bytes)", out.chars().take(40).collect::<String>(), value.len());
    }
    out
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, sign: char, parts: &[Filter]| {
            write!(f, "({sign}")?;
            parts.iter().try_for_each(|part| write!(f, "{part}"))?;
            write!(f, ")")
        };
        match self {
            Filter::And(parts) => list(f, '&', parts),
            Filter::Or(parts) => list(f, '|', parts),
            Filter::Not(part) => write!(f, "(!{part})"),
            Filter::Equal(attribute, value) => write!(f, "({attribute}={})", quoted(value)),
            Filter::Greater(attribute, value) => write!(f, "({attribute}>={})", quoted(value)),
            Filter::Less(attribute, value) => write!(f, "({attribute}<={})", quoted(value)),
            Filter::Approx(attribute, value) => write!(f, "({attribute}~={})", quoted(value)),
            Filter::Present(attribute) => write!(f, "({attribute}=*)"),
            Filter::Substrings(attribute, initial, any, last) => {
                write!(f, "({attribute}={}*", quoted(initial.as_deref().unwrap_or_default()))?;
                any.iter().try_for_each(|part| write!(f, "{}*", quoted(part)))?;
                write!(f, "{})", quoted(last.as_deref().unwrap_or_default()))
            }
            Filter::Extensible {
                rule,
                attribute,
                value,
                dn,
            } => write!(
                f,
                "({}{}{}:={})",
                attribute.as_deref().unwrap_or_default(),
                if *dn { ":dn" } else { "" },
                rule.as_ref().map(|rule| format!(":{rule}")).unwrap_or_default(),
                quoted(value)
            ),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = ["base", "one", "sub", "children"][usize::from(self.scope)];
        write!(f, "-b {:?} -s {scope} -z {}", self.base, self.size_limit)?;
        if self.page > 0 {
            write!(f, " -E pr={}/noprompt", self.page)?;
        }
        if self.types_only {
            write!(f, " -A")?;
        }
        write!(f, " '{}' {:?}", self.filter, self.attributes)
    }
}

const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u16::try_from(content.len()).expect("a short request") {
        short @ 0..=127 => out.push(short as u8),
        long => out.extend([&[0x82][..], &long.to_be_bytes()].concat()),
    }
    out.extend(content);
    out
}

impl Filter {
    fn encode(&self) -> Vec<u8> {
        let all = |parts: &[Filter]| parts.iter().flat_map(Filter::encode).collect::<Vec<u8>>();
        let assertion =
            |tag, attribute: &str, value: &[u8]| tlv(tag, &[tlv(4, attribute.as_bytes()), tlv(4, value)].concat());
        match self {
            Filter::And(parts) => tlv(0xa0, &all(parts)),
            Filter::Or(parts) => tlv(0xa1, &all(parts)),
            Filter::Not(part) => tlv(0xa2, &part.encode()),
            Filter::Equal(attribute, value) => assertion(0xa3, attribute, value),
            Filter::Substrings(attribute, initial, any, last) => {
                let mut parts = Vec::new();
                parts.extend(initial.iter().flat_map(|part| tlv(0x80, part)));
                parts.extend(any.iter().flat_map(|part| tlv(0x81, part)));
                parts.extend(last.iter().flat_map(|part| tlv(0x82, part)));
                tlv(0xa4, &[tlv(4, attribute.as_bytes()), tlv(0x30, &parts)].concat())
            }
            Filter::Greater(attribute, value) => assertion(0xa5, attribute, value),
            Filter::Less(attribute, value) => assertion(0xa6, attribute, value),
            Filter::Present(attribute) => tlv(0x87, attribute.as_bytes()),
            Filter::Approx(attribute, value) => assertion(0xa8, attribute, value),
            Filter::Extensible {
                rule,
                attribute,
                value,
                dn,
            } => {
                let mut parts = Vec::new();
                parts.extend(rule.iter().flat_map(|rule| tlv(0x81, rule.as_bytes())));
                parts.extend(attribute.iter().flat_map(|attribute| tlv(0x82, attribute.as_bytes())));
                parts.extend(tlv(0x83, value));
                if *dn {
                    parts.extend(tlv(0x84, &[0xff]));
                }
                tlv(0xa9, &parts)
            }
        }
    }
}

impl Request {
    /// With the cookie of the page before.
    fn encode(&self, id: u16, cookie: &[u8]) -> Vec<u8> {
        let integer = |number: u32| tlv(2, &number.to_be_bytes());
        let attributes: Vec<u8> = self
            .attributes
            .iter()
            .flat_map(|name| tlv(4, name.as_bytes()))
            .collect();
        let body = [
            tlv(4, self.base.as_bytes()),
            tlv(10, &[self.scope]),
            tlv(10, &[0]),
            integer(self.size_limit),
            integer(0),
            tlv(1, &[if self.types_only { 0xff } else { 0 }]),
            self.filter.encode(),
            tlv(0x30, &attributes),
        ];
        let value = tlv(0x30, &[integer(self.page), tlv(4, cookie)].concat());
        let control = tlv(0x30, &[tlv(4, PAGED_RESULTS), tlv(1, &[0xff]), tlv(4, &value)].concat());
        let controls = if self.page > 0 { tlv(0xa0, &control) } else { Vec::new() };
        tlv(
            0x30,
            &[integer(id.into()), tlv(0x63, &body.concat()), controls].concat(),
        )
    }
}

/// What stands at the front: tag and content. The rest stays.
fn element<'a>(bytes: &mut &'a [u8]) -> (u8, &'a [u8]) {
    let (tag, header, length) = header(bytes).expect("a whole element");
    let (content, rest) = bytes[header..].split_at(length);
    *bytes = rest;
    (tag, content)
}

/// Tag, length of the header, length of the content.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
    if first < 0x80 {
        return Some((tag, 2, first.into()));
    }
    let octets = usize::from(first & 0x7f);
    let length = bytes
        .get(2..2 + octets)?
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Some((tag, 2 + octets, length))
}

/// A DN with every value unescaped, types in lower case, no spaces around separators: what is left of a DN when its
/// spelling is taken away. Separators are kept apart from the same characters in values.
pub fn canonical(dn: &[u8]) -> String {
    let mut out = Vec::new();
    // What stands before this place is not a space to be dropped.
    let mut kept = 0;
    let mut in_type = true;
    let mut bytes = dn.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                let next = bytes.next().unwrap_or(b'\\');
                let second = bytes.peek().and_then(|next| char::from(*next).to_digit(16));
                if let (Some(high), Some(low)) = (char::from(next).to_digit(16), second) {
                    bytes.next();
                    out.push(u8::try_from(high * 16 + low).unwrap());
                } else {
                    out.push(next);
                }
                kept = out.len();
            }
            b',' | b'+' => {
                while out.len() > kept && out.last() == Some(&b' ') {
                    out.pop();
                }
                out.extend([0, byte]);
                kept = out.len();
                in_type = true;
            }
            b'=' if in_type => {
                in_type = false;
                out.push(byte);
                kept = out.len();
            }
            b' ' if out.len() == kept && (in_type || out.last() == Some(&b'=')) => {}
            other if in_type => out.push(other.to_ascii_lowercase()),
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).replace('\0', " ")
}

const DN_VALUED: [&str; 5] = ["member", "memberOf", "entryDN", "manager", "subschemaSubentry"];

impl Answer {
    fn entry(&mut self, mut body: &[u8]) {
        let dn = canonical(element(&mut body).1);
        let mut attributes = Attributes::new();
        let mut list = element(&mut body).1;
        while !list.is_empty() {
            let mut attribute = element(&mut list).1;
            let name = String::from_utf8(element(&mut attribute).1.to_vec()).unwrap();
            let mut values = Values::new();
            let mut rest = element(&mut attribute).1;
            while !rest.is_empty() {
                let value = element(&mut rest).1;
                let value = if DN_VALUED.contains(&name.as_str()) {
                    canonical(value).into_bytes()
                } else {
                    value.to_vec()
                };
                if !values.insert(value) {
                    self.repeated.push(format!("a value of {name} in {dn}"));
                }
            }
            if attributes.insert(name.clone(), values).is_some() {
                self.repeated.push(format!("{name} in {dn}"));
            }
        }
        if self.entries.insert(dn.clone(), attributes).is_some() {
            self.repeated.push(dn);
        }
    }
}

/// Requests under way at once on the connection.
const WINDOW: usize = 16;

/// The answers to all pages as one. Requests for pages go one after the other: slapd keeps only one on a connection.
fn walk(server: &str, port: u16, request: &Request) -> Option<Answer> {
    let mut stream = connect(port);
    let mut answer = Answer::default();
    let mut cookie = Vec::new();
    loop {
        stream.write_all(&request.encode(1, &cookie)).ok()?;
        let before = answer.entries.len();
        let mut rest = loop {
            let message = whole_message(&mut stream).ok()?;
            let mut message = message.as_slice();
            element(&mut message);
            let (operation, mut body) = element(&mut message);
            match operation {
                NOTICE => return None,
                0x64 => answer.entry(body),
                0x65 => {
                    answer.code = element(&mut body).1[0];
                    answer.matched = canonical(element(&mut body).1);
                    break message.to_vec();
                }
                other => panic!("{server}: {other:x} for {request}"),
            }
        };
        let found = answer.entries.len() - before;
        if found > request.page as usize {
            answer
                .repeated
                .push(format!("{found} entries on a page of {}", request.page));
        }
        cookie = match std::mem::take(&mut rest).as_slice() {
            [] => Vec::new(),
            controls => cookie_of(controls),
        };
        if answer.code != 0 || cookie.is_empty() {
            return Some(answer);
        }
    }
}

/// The cookie in the controls of a response.
fn cookie_of(mut controls: &[u8]) -> Vec<u8> {
    let mut list = element(&mut controls).1;
    let mut control = element(&mut list).1;
    assert_eq!(element(&mut control).1, PAGED_RESULTS);
    let mut value = element(&mut control).1;
    let mut value = element(&mut value).1;
    element(&mut value);
    element(&mut value).1.to_vec()
}

/// The content of the next message.
fn whole_message(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 2];
    stream.read_exact(&mut bytes)?;
    if bytes[1] >= 0x80 {
        let more = usize::from(bytes[1] & 0x7f);
        bytes.resize(2 + more, 0);
        stream.read_exact(&mut bytes[2..])?;
    }
    let (_, _, length) = header(&bytes).unwrap();
    let mut content = vec![0; length];
    stream.read_exact(&mut content)?;
    Ok(content)
}

/// A response that nobody asked for: a Notice of Disconnection.
const NOTICE: u8 = 0x78;

/// How often a search is asked again that ended in a closed connection: what the gateway says when the database did not
/// answer in time, as on a machine that is busy with other things. Only a client can tell it from a bug, by its repeats.
const TRIES: usize = 12;

/// All answers, in the order of the requests.
pub fn ask(server: &str, port: u16, requests: &[Request]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = vec![None; requests.len()];
    for _ in 0..TRIES {
        let open = |page: bool, answers: &[Option<Answer>]| -> Vec<usize> {
            let asked = (0..requests.len()).filter(|&index| (requests[index].page > 0) == page);
            asked.filter(|&index| answers[index].is_none()).collect()
        };
        let whole = open(false, &answers);
        let asked: Vec<Request> = whole.iter().map(|&index| requests[index].clone()).collect();
        for (index, answer) in whole.into_iter().zip(ask_at_once(server, port, &asked)) {
            answers[index] = answer;
        }
        for index in open(true, &answers) {
            answers[index] = walk(server, port, &requests[index]);
        }
        if answers.iter().all(Option::is_some) {
            break;
        }
    }
    let done = answers.into_iter().zip(requests);
    done.map(|(answer, request)| answer.unwrap_or_else(|| panic!("{server} never answered {request}")))
        .collect()
}

fn connect(port: u16) -> TcpStream {
    // Closed while the database cannot be asked.
    let mut connected = None;
    let limit = Duration::from_secs(30);
    eventually(limit, || {
        connected = TcpStream::connect(("127.0.0.1", port)).ok();
        connected.is_some()
    });
    let stream = connected.expect("a server that listens");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// The answers to requests without pages. Those that were open when the server closed the connection, and those that
/// were not sent, have none.
fn ask_at_once(server: &str, port: u16, requests: &[Request]) -> Vec<Option<Answer>> {
    let mut stream = connect(port);
    let mut answers = vec![Answer::default(); requests.len()];
    let (mut sent, mut done) = (0, 0);
    let mut ended = BTreeSet::new();
    let mut buffer = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    while done < requests.len() {
        while sent < requests.len() && sent - done < WINDOW {
            let id = u16::try_from(sent + 1).unwrap();
            if stream.write_all(&requests[sent].encode(id, &[])).is_err() {
                return finished(answers, &ended);
            }
            sent += 1;
        }
        let count = stream.read(&mut chunk).unwrap_or(0);
        if count == 0 {
            return finished(answers, &ended);
        }
        buffer.extend_from_slice(&chunk[..count]);
        let mut rest = buffer.as_slice();
        while let Some((_, header, length)) = header(rest)
            && rest.len() >= header + length
        {
            let mut message = element(&mut rest).1;
            let id = element(&mut message)
                .1
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let (operation, mut body) = element(&mut message);
            if id == 0 && operation == NOTICE {
                return finished(answers, &ended);
            }
            let answer = &mut answers[id - 1];
            match operation {
                0x64 => answer.entry(body),
                0x65 => {
                    answer.code = element(&mut body).1[0];
                    answer.matched = canonical(element(&mut body).1);
                    ended.insert(id - 1);
                    done += 1;
                }
                other => panic!("{server}: {other:x} for {}", requests[id - 1]),
            }
        }
        let used = buffer.len() - rest.len();
        buffer.drain(..used);
    }
    finished(answers, &ended)
}

fn finished(answers: Vec<Answer>, ended: &BTreeSet<usize>) -> Vec<Option<Answer>> {
    let answers = answers.into_iter().enumerate();
    answers
        .map(|(index, answer)| ended.contains(&index).then_some(answer))
        .collect()
}

/// What a Compare asks for.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub entry: String,
    pub attribute: String,
    pub value: Vec<u8>,
}

/// The result code of each.
pub fn compare(server: &str, port: u16, asked: &[Verdict]) -> Vec<u8> {
    let mut stream = connect(port);
    let mut codes = Vec::new();
    for Verdict {
        entry,
        attribute,
        value,
    } in asked
    {
        let assertion = tlv(0x30, &[tlv(4, attribute.as_bytes()), tlv(4, value)].concat());
        let body = tlv(0x6e, &[tlv(4, entry.as_bytes()), assertion].concat());
        stream.write_all(&tlv(0x30, &[tlv(2, &[1]), body].concat())).unwrap();
        let message = whole_message(&mut stream).unwrap();
        let mut message = message.as_slice();
        element(&mut message);
        let (operation, mut body) = element(&mut message);
        assert_eq!(operation, 0x6f, "{server}: {entry} {attribute}");
        codes.push(element(&mut body).1[0]);
    }
    codes
}
